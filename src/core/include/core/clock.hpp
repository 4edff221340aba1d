// The time of day, from one place, and its text forms.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace logpipe {

/// Nanoseconds since the Unix epoch, now.
[[nodiscard]] std::int64_t now_ns() noexcept;
/// Nanoseconds since the machine was started, also those that it slept through: nobody sets it.
[[nodiscard]] std::int64_t running_time_ns() noexcept;

/// What a stage takes its times from; tests hand in their own.
using wall_clock = std::function<std::int64_t()>;

/// Bytes of "2026-01-31T01:31:39.995Z".
inline constexpr std::size_t iso_time_bytes = 24;

/// Writes exactly `iso_time_bytes`: UTC, milliseconds, years 0000 to 9999 (others are clamped).
void write_iso_time(std::int64_t time_ns, char* out) noexcept;
[[nodiscard]] std::string iso_time(std::int64_t time_ns);

/// Bytes of "2026-01-31T01:31:39.995470770Z".
inline constexpr std::size_t exact_iso_time_bytes_max = 30;

/// The whole time: nine digits of a second, but three where it is a whole millisecond, as what knows no more gives it.
/// @return how many bytes were written: `iso_time_bytes` or `exact_iso_time_bytes_max`
[[nodiscard]] std::size_t write_exact_iso_time(std::int64_t time_ns, char* out) noexcept;
[[nodiscard]] std::string exact_iso_time(std::int64_t time_ns);
/// An RFC 3339 time, "2026-01-31T01:31:39.995Z" or "2026-01-31T02:31:39+01:00", in nanoseconds; a date alone is its
/// midnight in UTC. None where the text is not such a time.
[[nodiscard]] std::optional<std::int64_t> parse_iso_time(std::string_view text) noexcept;

}  // namespace logpipe
