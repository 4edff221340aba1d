// The times of a line and of its document as text.
#pragma once

#include "core/clock.hpp"
#include "document_writer.hpp"
#include "formats/normalize.hpp"
#include "plan.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace logpipe::formats {

/// Times as they are in lines, one after the other: those of one day in one form cost little. One thread.
class time_reader final {
  public:
    explicit time_reader(time_format form) noexcept : form_{form} {}

    /// @param value  JSON, as it is in a line, with `text_bytes_max` readable bytes from its begin
    /// @return nanoseconds since the Unix epoch; none where it is not a text of that form
    [[nodiscard]] std::optional<std::int64_t> read(std::string_view value);

    static constexpr std::size_t text_bytes_max = 32;

  private:
    [[nodiscard]] std::optional<std::int64_t> read_of_day(std::string_view value) const noexcept;
    void remember(std::string_view value, std::int64_t time_ns);

    time_format form_;
    std::string text_;  ///< understood last…
    std::int64_t time_ns_ = 0;
    std::array<char, text_bytes_max> access_{};  ///< …and where it is "17/May/2015:08:05:32 +0000", with its quotes…
    std::int64_t midnight_ns_ = 0;               ///< …when that day began there
};

/// For people: a time of that form.
[[nodiscard]] std::string_view example_of(time_format form) noexcept;

/// What of a document changes with its time only: lines that follow one another mostly share it, or the day. One
/// thread.
class written_times final {
  public:
    /// @param time_ns  0: not known; the document is then without it
    /// @return until the next call, with a block of readable bytes after it
    [[nodiscard]] std::string_view of(plan_step const& step, std::int64_t time_ns);

  private:
    void write(plan_step const& step);
    [[nodiscard]] std::string_view iso_time();

    bool is_written_ = false;
    std::int64_t time_ns_ = 0;
    std::string bytes_;
    /// The time written last, with a block of readable bytes after it, and when its day began.
    std::array<char, exact_iso_time_bytes_max + document_writer::block_bytes> iso_{"1970-01-01T00:00:00.000Z"};
    std::uint64_t day_begin_ns_ = 0;  ///< modulo 2^64: the first day may begin before what the type holds
};

}  // namespace logpipe::formats
