// A dead letter as its destination keeps it: whole, or in parts where no larger message fits.
#pragma once

#include "logpipe/stage.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace logpipe {

/// Which part of a letter's record this is. The parts of one letter share its id, its time and their count.
struct letter_part {
    std::uint32_t index = 0;
    std::uint32_t count = 1;

    [[nodiscard]] constexpr bool is_whole() const noexcept { return count == 1; }
    friend bool operator==(letter_part const&, letter_part const&) = default;
};

/// A dead letter, or one part of it, that lies in somebody else's memory.
struct dead_letter_view {
    event_id id;
    std::string_view stage;
    std::string_view reason;
    std::string_view origin;
    std::string_view tag;
    std::int64_t time_ns = 0;
    std::int64_t event_time_ns = 0;
    std::int64_t received_ns = 0;
    std::uint32_t entries = 0;  ///< as in dead_letter
    letter_part part;
    std::string_view record;  ///< the bytes of this part
};
[[nodiscard]] dead_letter_view view_of(dead_letter const& letter) noexcept;
/// A copy; of a part, `record` holds the bytes of that part.
[[nodiscard]] dead_letter copy_of(dead_letter_view const& letter);
/// Memory that it takes, about: its texts may be longer than its record.
[[nodiscard]] std::size_t bytes_of(dead_letter const& letter) noexcept;

/// What a full topic of dead letters does.
enum class letters_full : std::uint8_t { drop_oldest, block };
/// How much of them a topic of dead letters keeps.
struct letter_retention {
    std::uint64_t bytes_max = std::uint64_t{1} << 30U;  ///< 0: no limit
    std::chrono::milliseconds age_max{0};               ///< 0: no limit
    letters_full when_full = letters_full::drop_oldest;
};

}  // namespace logpipe
