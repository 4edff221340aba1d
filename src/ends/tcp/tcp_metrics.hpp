#pragma once

#include "logpipe/metric.hpp"

namespace logpipe::tcp::metrics {

inline constexpr auto open_connections = gauge("tcp_open_connections", "Clients connected now.", "clients");
inline constexpr auto connections = counter("tcp_connections_total", "Clients that connected.");
inline constexpr auto idle_closed =
    counter("tcp_connections_idle_total", "Clients disconnected because they sent nothing for --tcp-idle-timeout.");
inline constexpr auto bytes_in = counter("tcp_bytes_in_total", "Bytes received.");
inline constexpr auto empty_lines = counter("tcp_empty_lines_total", "Empty lines, which are skipped.");
inline constexpr auto cut_lines =
    counter("tcp_cut_lines_total", "Lines longer than --line-bytes-max, cut to it; each is a dead letter.");

inline constexpr auto bytes_out = counter("tcp_bytes_out_total", "Bytes that the connection took.");
inline constexpr auto reconnects = counter("tcp_reconnects_total", "Connections lost and made again.", "reconnects");

}  // namespace logpipe::tcp::metrics
