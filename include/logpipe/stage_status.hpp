// How a stage is.
#pragma once

#include "logpipe/metric.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace logpipe {

/// How a stage is, for `status`, `/metrics` and `/readyz`.
struct stage_status {
    std::string name{};   ///< "forward_source", "sqlite_sink", …
    std::string title{};  ///< "Forward protocol", "SQLite"; with `target` filled in by the process
    /// What it reads or writes, for people and without secrets: "journal:data/nginx-logs". Where a sink and a source
    /// have the same one, the events go from the one to the other. Empty: of a transform.
    std::string target{};
    bool up = true;
    std::string reason{};  ///< what is wrong and what to do; while up: what works in part only, else empty
    std::string hint{};    ///< what an operator can do while it is down, by the kind of failure; may be empty
    std::uint64_t retries = 0;
    std::vector<metric_value> metrics{};  ///< those with titles: the one that says most first
};

}  // namespace logpipe
