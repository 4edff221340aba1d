// What the forward source and the forward sink count.
#pragma once

#include "logpipe/metric.hpp"

namespace logpipe::forward::metrics {

inline constexpr auto chunks_acked =
    counter("chunks_acked_total", "Forward protocol chunks acknowledged, to clients or by the server.");

// Of the source.
inline constexpr auto open_connections =
    gauge("open_connections", "Forward protocol clients that are connected.", "clients");
inline constexpr auto pending_bytes = gauge("pending_bytes", "Bytes read and not yet taken by the pump.", "pending");
inline constexpr auto connections_max =
    gauge("connections_max",
          "Maximum concurrent forward protocol clients: --connections-max, or less where the limit of open files is "
          "lower.");
inline constexpr auto connections =
    counter("connections_total", "Forward protocol clients that connected; connections rejected at once are left out.");
inline constexpr auto connections_broken = counter(
    "connections_broken_total", "Forward protocol connections closed for an error, evictions and timeouts included.");
inline constexpr auto connections_evicted =
    counter("connections_evicted_total",
            "Forward protocol clients without a complete message that were closed to make room for new ones.");
inline constexpr auto connections_timed_out = counter(
    "connections_timed_out_total", "Forward protocol clients closed by --first-message-timeout or --message-timeout.");
inline constexpr auto connections_rejected =
    counter("connections_rejected_total", "Forward protocol connections closed because of --connections-per-address.");
inline constexpr auto connections_unauthorized =
    counter("connections_unauthorized_total",
            "Forward protocol clients rejected at login: wrong shared key, user or password.");
inline constexpr auto accept_failures =
    counter("accept_failures_total",
            "Forward protocol connections that could not be accepted, mostly for lack of file descriptors.");
inline constexpr auto bytes_in = counter("bytes_in_total", "Bytes received from forward protocol clients.");
inline constexpr auto messages = counter("messages_total", "Forward protocol messages received.");
inline constexpr auto messages_rejected =
    counter("messages_rejected_total",
            "Forward protocol messages that cannot be decoded or exceed a limit; each is a dead letter.");
inline constexpr auto events = counter("events_total", "Events in the forward protocol messages received.");
inline constexpr auto events_rejected =
    counter("events_rejected_total", "Invalid events in valid forward protocol messages; each is a dead letter.");
inline constexpr auto strings_escaped =
    counter("strings_escaped_total", "Strings that were not valid UTF-8; their bytes were escaped.");
inline constexpr auto metadata_dropped =
    counter("metadata_dropped_total", "Events with metadata (forward protocol 1.5), which is dropped.");
inline constexpr auto partials_held =
    gauge("partials_held", "Partial messages of Docker that wait for the rest of their line.");
inline constexpr auto partial_lines_joined =
    counter("partial_lines_joined_total", "Lines that were joined from partial messages of Docker.");
inline constexpr auto partials_timed_out =
    counter("partials_timed_out_total",
            "Partial messages passed on unjoined, because the rest did not come within --partial-timeout.");
inline constexpr auto partials_apart =
    counter("partials_unjoined_total",
            "Partial messages passed on unjoined, because the rest was not in the same acked chunk, the line exceeds a "
            "limit, or the process ended.");
inline constexpr auto memory_stalls =
    counter("memory_stalls_total", "Times that a client had to wait because memory could not be allocated.");
inline constexpr auto heartbeat_responses =
    counter("heartbeat_responses_total", "Responses to UDP heartbeats of forward protocol clients.");
inline constexpr auto heartbeats_dropped =
    counter("heartbeats_dropped_total", "UDP heartbeats without a response, because they exceed the rate limit.");

// Of the sink.
inline constexpr auto chunks_unacked =
    gauge("chunks_unacked", "Forward protocol chunks that the server has not acknowledged yet.", "chunks in flight");
inline constexpr auto chunks_retried =
    counter("chunks_retried_total", "Forward protocol chunks retried after an ack timeout or a lost connection.");
inline constexpr auto connection_failures =
    counter("connection_failures_total", "Connections to the forward protocol server that failed or were lost.");
inline constexpr auto bytes_out = counter("bytes_out_total", "Bytes sent to the peer.");

}  // namespace logpipe::forward::metrics
