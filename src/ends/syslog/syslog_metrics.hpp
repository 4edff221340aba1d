// What the syslog source counts.
#pragma once

#include "logpipe/metric.hpp"

namespace logpipe::syslog::metrics {

inline constexpr auto open_connections = gauge("syslog_open_connections", "Syslog clients connected now.", "clients");
inline constexpr auto pending_bytes =
    gauge("syslog_pending_bytes", "Bytes of syslog messages received and not yet taken by the pump.", "pending");
inline constexpr auto datagrams_dropped = counter(
    "syslog_datagrams_dropped_total",
    "Syslog datagrams that the kernel dropped because its receive buffer was full; they are lost.", "datagrams lost");
inline constexpr auto datagrams = counter("syslog_datagrams_total", "Syslog datagrams received.");
inline constexpr auto receive_buffer_bytes =
    gauge("syslog_receive_buffer_bytes",
          "Receive buffer that the kernel granted for syslog datagrams; --syslog-receive-buffer asks for it.");
inline constexpr auto connections = counter("syslog_connections_total", "Syslog clients that connected.");
inline constexpr auto connections_idle =
    counter("syslog_connections_idle_total",
            "Syslog clients disconnected because they sent nothing for --syslog-idle-timeout.");
inline constexpr auto handshakes_failed =
    counter("syslog_handshakes_failed_total", "Syslog clients whose TLS handshake failed.");
inline constexpr auto accept_failures =
    counter("syslog_accept_failures_total",
            "Syslog connections that could not be accepted, mostly for lack of file descriptors.");
inline constexpr auto bytes_in = counter("syslog_bytes_in_total", "Bytes received by syslog, framing included.");
inline constexpr auto messages = counter("syslog_messages_total", "Syslog messages received.");
inline constexpr auto messages_cut = counter(
    "syslog_messages_cut_total", "Syslog messages longer than --line-bytes-max, cut to it; each is a dead letter.");
inline constexpr auto messages_incomplete =
    counter("syslog_messages_incomplete_total",
            "Syslog messages whose connection ended before their announced length; each is a dead letter.");
inline constexpr auto messages_empty =
    counter("syslog_messages_empty_total", "Empty syslog messages, which are skipped.");

}  // namespace logpipe::syslog::metrics
