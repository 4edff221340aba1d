// Parts of lines that wait for the rest of their line, over many messages. Bounded by bytes and by time.
#pragma once

#include "message_part.hpp"

#include "core/clock.hpp"
#include "core/memory_budget.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logpipe::forward {

struct part_limits {
    std::chrono::milliseconds timeout{5'000};             ///< for the next part of a line; 0: parts are not joined
    std::size_t line_bytes_max = std::size_t{1} << 20U;   ///< of a joined line
    std::size_t held_bytes_max = std::size_t{32} << 20U;  ///< of all parts that wait
    std::size_t held_lines_max = 4'096;                   ///< that they are of
};

struct held_part {
    std::string record;  ///< msgpack
    std::int64_t time_ns = 0;
};

struct held_line {
    std::string_view tag;  ///< holds as long as the line
    part_group<held_part> group;
    std::uint64_t number = 0;  ///< in the order of their coming
    std::size_t bytes = 0;     ///< of memory, about
    std::optional<std::chrono::steady_clock::time_point> until;
    bool is_taken = false;
};

/// One thread. What is taken is only gone with commit(): with rollback() it is still there. What was added stays in
/// both cases, as adding it again does nothing.
class held_parts final {
  public:
    explicit held_parts(part_limits const& limits) : limits_{limits} {}

    /// Adds a copy. @return its line, until the commit(); null: it does not fit to what there is of it
    [[nodiscard]] held_line* add(std::string_view tag, message_part const& part, std::string_view record,
                                 std::int64_t time_ns);
    /// The oldest one while there are more than may be; else null.
    [[nodiscard]] held_line* excess();
    /// Those whose next part has not come in time. A line's time begins with the first call after its last part.
    [[nodiscard]] std::vector<held_line*> overdue(std::chrono::steady_clock::time_point now);
    [[nodiscard]] std::vector<held_line*> all();
    void take(held_line& line) noexcept;

    void commit() noexcept;
    void rollback() noexcept;
    [[nodiscard]] std::size_t parts_count() const noexcept { return parts_count_; }
    [[nodiscard]] part_limits const& limits() const noexcept { return limits_; }

  private:
    part_limits const limits_;
    std::map<std::pair<std::string, std::string>, held_line> lines_;  // by tag and id
    std::uint64_t lines_count_ = 0;                                   // that there were
    std::size_t parts_count_ = 0;
    memory_share memory_{process_memory(), "partial lines"};
    std::size_t taken_count_ = 0;
};

}  // namespace logpipe::forward
