// What the transform counts.
#pragma once

#include "logpipe/metric.hpp"

#include <string_view>

namespace logpipe::formats {

inline constexpr std::string_view normalize_stage = "normalize";

namespace metrics {

inline constexpr auto documents = counter("documents_total", "Documents that the transform made of lines.");
inline constexpr auto rejected =
    counter("rejected_events_total", "Lines that the transform could not read; each is a dead letter.", "rejected");

}  // namespace metrics

}  // namespace logpipe::formats
