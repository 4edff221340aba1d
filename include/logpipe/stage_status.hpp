// How a stage is.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace logpipe {

/// How a stage is, for `status`, `/metrics` and `/readyz`. Gauges: docs/reference/metrics.md, without prefix.
struct stage_status {
    std::string name;  ///< "forward_source", "sqlite_sink", …
    bool up = true;
    std::string why;  ///< what is wrong and what to do; while up: what works in part only, else empty
    std::uint64_t retries = 0;
    std::vector<std::pair<std::string, double>> gauges;
};

}  // namespace logpipe
