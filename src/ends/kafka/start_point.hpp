// Where a group without a position starts.
#pragma once

#include "logpipe/result.hpp"

#include <cstdint>
#include <string_view>

namespace logpipe::kafka {

/// What ListOffsets takes for a time: -2 the beginning, -1 the end, else milliseconds since the epoch.
/// @return errc::invalid_argument for anything but "beginning", "end" and an RFC 3339 time.
[[nodiscard]] result<std::int64_t> parse_start_point(std::string_view text);

}  // namespace logpipe::kafka
