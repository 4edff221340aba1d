// The time of an access log's line, nginx's $time_local.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace logpipe::formats {

/// Reads "17/May/2015:08:05:32 +0000", exactly so: English months, an offset up to 14 hours, a date that exists.
/// @return nanoseconds since the Unix epoch; none for anything else, and for years before 1678 and after 2261, which do
/// not fit.
[[nodiscard]] std::optional<std::int64_t> parse_access_time(std::string_view text) noexcept;
/// The same of a JSON value as it is in a line: a text, the slashes of which some writers escape, as JSON allows.
[[nodiscard]] std::optional<std::int64_t> access_time_in_json(std::string_view value) noexcept;

}  // namespace logpipe::formats
