// What is shown of a stage's metrics.
#pragma once

#include "logpipe/stage_status.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <vector>

namespace logpipe::status {

constexpr std::string_view name_of(metric_type type) noexcept {
    return type == metric_type::counter ? "counter" : "gauge";
}

/// Those with a title, which are shown beside the stage.
inline std::vector<metric_value> figures_of(std::vector<metric_value> const& metrics) {
    std::vector<metric_value> figures;
    std::ranges::copy_if(metrics, std::back_inserter(figures),
                         [](metric_value const& one) { return !one.title.empty(); });
    return figures;
}

}  // namespace logpipe::status
