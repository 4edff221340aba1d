// What the transforms say of themselves: status, metrics and their reference page are made from it.
#pragma once

#include "logpipe/metric.hpp"

#include <array>
#include <span>
#include <string_view>

namespace logpipe::formats {

namespace metrics {

inline constexpr auto documents = counter("documents_total", "Documents that the transform made of lines.");
inline constexpr auto rejected =
    counter("rejected_events_total", "Lines that the transform could not read; each is a dead letter.", "rejected");

}  // namespace metrics

inline constexpr std::array normalize_metrics{metrics::rejected, metrics::documents};

struct transform_descriptor {
    std::string_view stage;  ///< its name, as status shows it
    std::string_view title;
    std::span<metric const> metrics;  ///< all that its stage may have
};

inline constexpr transform_descriptor normalize_transform{
    .stage = "normalize", .title = "Transform", .metrics = normalize_metrics};
inline constexpr std::array transforms{normalize_transform};

}  // namespace logpipe::formats
