// The metrics of an HTTP server: each admin server and the page count for themselves.
#pragma once

#include "status/process_metrics.hpp"

#include <array>

namespace logpipe::web {

namespace metrics {

inline constexpr status::served_metric open_connections{"logpipe_http_open_connections", "gauge", "",
                                                        "Connections open to this HTTP server."};
inline constexpr status::served_metric connections{"logpipe_http_connections_total", "counter", "",
                                                   "Connections accepted by this HTTP server."};
inline constexpr status::served_metric connections_evicted{
    "logpipe_http_connections_evicted_total", "counter", "",
    "Idle connections closed because the HTTP server was full and a new client came."};
inline constexpr status::served_metric connections_rejected{
    "logpipe_http_connections_rejected_total", "counter", "",
    "Connections rejected because the HTTP server was full and none was idle."};
inline constexpr status::served_metric connections_health_only{
    "logpipe_http_connections_health_only_total", "counter", "",
    "Connections that were served health checks only because the HTTP server was full."};
inline constexpr status::served_metric requests_rejected{
    "logpipe_http_requests_rejected_total", "counter", "",
    "Requests of the page's API rejected because too many were waiting."};

}  // namespace metrics

inline constexpr std::array server_metrics{metrics::open_connections,        metrics::connections,
                                           metrics::connections_evicted,     metrics::connections_rejected,
                                           metrics::connections_health_only, metrics::requests_rejected};

}  // namespace logpipe::web
