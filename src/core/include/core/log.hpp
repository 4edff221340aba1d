// The one logger: text on a terminal, JSON lines otherwise, always to standard error. Stage first, numbers with
// their unit: log_warn("kafka_sink: delivery of {} events failed: {}", count, why).
#pragma once

#include "logpipe/result.hpp"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logpipe {

enum class log_level { debug, info, warn, error, off };
enum class log_format { automatic, text, json };

struct log_options {
    log_level level = log_level::info;
    log_format format = log_format::automatic;  ///< text where standard error is a terminal
};

[[nodiscard]] std::optional<log_level> parse_log_level(std::string_view text) noexcept;
[[nodiscard]] std::optional<log_format> parse_log_format(std::string_view text) noexcept;

/// Before other threads start; without it the defaults hold.
void set_up_log(log_options const& options);

[[nodiscard]] bool log_enabled(log_level level) noexcept;
/// On one line, whatever is in `message` (clean_line() of core/clean_text.hpp).
void log_write(log_level level, std::string_view message);

template <class... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
    if (log_enabled(log_level::debug)) log_write(log_level::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
    if (log_enabled(log_level::info)) log_write(log_level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_warn(fmt::format_string<Args...> format, Args&&... args) {
    if (log_enabled(log_level::warn)) log_write(log_level::warn, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_error(fmt::format_string<Args...> format, Args&&... args) {
    if (log_enabled(log_level::error)) log_write(log_level::error, fmt::format(format, std::forward<Args>(args)...));
}

/// A line that was logged as a warning or an error.
struct log_note {
    std::int64_t time_ns = 0;
    log_level level = log_level::warn;
    std::string message;  ///< at most `log_note_bytes_max` of it
};
inline constexpr std::size_t log_notes_max = 32;
inline constexpr std::size_t log_note_bytes_max = 512;
/// The newest ones, oldest first. Any thread.
[[nodiscard]] std::vector<log_note> recent_notes();

/// For a line that can repeat: true at most once a second. Any thread.
class log_limit {
  public:
    /// How many calls since the last one that was let through this one stands for, itself included; 0 = keep quiet.
    [[nodiscard]] std::uint64_t admit() noexcept;

  private:
    std::atomic<std::int64_t> next_ns_{0};
    std::atomic<std::uint64_t> held_{0};
};

}  // namespace logpipe
