// What the HTTP listener counts.
#pragma once

#include "logpipe/metric.hpp"

namespace logpipe::ingest::metrics {

inline constexpr auto open_connections =
    gauge("ingest_open_connections", "Clients connected to the HTTP listener now.", "clients");
inline constexpr auto waiting =
    gauge("ingest_requests_waiting", "Requests whose events are not safe yet.", "waiting for safety");
inline constexpr auto pending_bytes =
    gauge("ingest_pending_bytes", "Bytes of bodies being received and of events not yet taken by the pump.", "pending");
inline constexpr auto connections = counter("ingest_connections_total", "Clients that connected to the HTTP listener.");
inline constexpr auto connections_timed_out =
    counter("ingest_connections_timed_out_total",
            "Clients disconnected because a request did not come within --ingest-request-timeout.");
inline constexpr auto handshakes_failed =
    counter("ingest_handshakes_failed_total", "Clients of the HTTP listener whose TLS handshake failed.");
inline constexpr auto accept_failures =
    counter("ingest_accept_failures_total",
            "Connections to the HTTP listener that could not be accepted, mostly for lack of file descriptors.");
inline constexpr auto requests = counter("ingest_requests_total", "Requests whose events are safe: answered 200.");
inline constexpr auto requests_rejected =
    counter("ingest_requests_rejected_total", "Requests rejected for good (4xx), none of whose events were taken.");
inline constexpr auto requests_unauthorized =
    counter("ingest_requests_unauthorized_total", "Requests without the token of --ingest-token-file (401).");
inline constexpr auto requests_deferred =
    counter("ingest_requests_deferred_total",
            "Requests answered 503: the backlog was full, or their events were not safe within --ingest-safe-timeout.");
inline constexpr auto bytes_in = counter("ingest_bytes_in_total", "Bytes received by the HTTP listener.");
inline constexpr auto events = counter("ingest_events_total", "Events taken from requests.");
inline constexpr auto events_cut =
    counter("ingest_events_cut_total", "Events longer than --line-bytes-max, cut to it; each is a dead letter.");

}  // namespace logpipe::ingest::metrics
