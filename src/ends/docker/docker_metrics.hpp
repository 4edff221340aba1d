// What the Docker source counts.
#pragma once

#include "logpipe/metric.hpp"

namespace logpipe::docker::metrics {

inline constexpr auto containers_followed =
    gauge("containers_followed", "Containers whose logs are read.", "containers");
inline constexpr auto pending_bytes = gauge("pending_bytes", "Bytes read and not yet taken by the pump.", "pending");
inline constexpr auto unsafe_bytes =
    gauge("unsafe_bytes", "Bytes of container logs that are read and not yet safe in the sink.");
inline constexpr auto containers_degraded =
    gauge("containers_degraded", "Containers whose log the engine ends repeatedly while they run.");
inline constexpr auto lines = counter("lines_total", "Lines read from container logs.");
inline constexpr auto logs_cut_off =
    counter("logs_cut_off_total", "Reads of a container log that broke off; each resumes where it stopped.");
inline constexpr auto throttled_reads =
    counter("throttled_reads_total", "Reads of a container log that were delayed by --limited-rate.");

}  // namespace logpipe::docker::metrics
