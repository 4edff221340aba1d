#include "core/credentials.hpp"
#include "core/descriptors.hpp"
#include "core/memory_options.hpp"
#include "core/options.hpp"
#include "forward/forward.hpp"
#include "forward_metrics.hpp"
#include "net/address.hpp"
#include "net/client_options.hpp"
#include "net/host_list.hpp"
#include "net/listener_options.hpp"

#include <fmt/format.h>

namespace logpipe::forward {

namespace {

using server = forward_source_options;
using client = forward_sink_options;

option_set<server>::group users_option(std::string_view name, std::string_view help) {
    return {
        {{name, option_kind::secret, "FILE", help, {}}, [name](server& into, option_values const& from) -> result<> {
             auto const lines = from.secret(name);
             if (!lines) return lines.error();
             into.users_file = from.text(name);
             if (lines->empty()) return {};
             auto users = parse_forward_users(*lines);
             if (!users) return in_context(fmt::format("--{}", name), users.error());
             into.users = *std::move(users);
             return {};
         }}};
}

option_set<server> const& source_options() {
    static option_set<server> const set{
        secret<&server::shared_key, &server::shared_key_file>(
            "shared-key-file", "File whose first line is the shared key that clients must know."),
        users_option("users-file", "File of the users that may log in, one NAME:PASSWORD per line."),
        net::listener_certificate_options<&server::certificate_file, &server::key_file, &server::client_ca_file>(),
        bytes<&server::message_bytes_max>("message-bytes-max", "Maximum size of a client's message.", {.least = 1}),
        bytes<&server::decompressed_bytes_max>("decompressed-bytes-max",
                                               "Maximum size of a client's message once decompressed.", {.least = 1}),
        bytes<&server::event_bytes_max>(
            "event-bytes-max", "Maximum size of an event; a longer one is cut to it and becomes a dead letter.",
            {.least = 1}),
        count<&server::entries_max>("entries-max", "Maximum events in one message.", {.least = 1}),
        count<&server::nesting_max>("nesting-max", "Maximum nesting of a record.", {.least = 1}),
        count<&server::connections_max>(
            "connections-max",
            "Maximum concurrent clients, as far as the limit of open files allows; above it the oldest that never "
            "completed a message is evicted, else new ones wait.",
            {.least = 1}),
        count<&server::connections_per_address>(
            "connections-per-address", "Maximum concurrent clients of one address, more are closed; 0: no limit."),
        duration<&server::first_message_timeout>(
            "first-message-timeout",
            "Close a client that has sent no complete message within this time; 0: only when its slot is needed."),
        duration<&server::message_timeout>("message-timeout",
                                           "Close a client that stalls within a message for this long, or beyond it "
                                           "sends less than 4 KiB/s; 0: never."),
        choice<&server::heartbeat>(
            "heartbeat", "off|on",
            "Respond to UDP heartbeats, at most one a second per peer; off: do not listen for them."),
        duration<&server::idle_timeout>(
            "client-idle-timeout",
            "Close a client that is silent for this long; 0: never, TCP keep-alive finds dead ones."),
        duration<&server::handshake_timeout>(
            "handshake-timeout", "Timeout of a client's handshake: TLS, shared key and user.", {.least = 1}),
        bytes<&server::pending_bytes_max>(
            "pending-bytes-max",
            "Maximum size of what was received and not yet taken by the pump; above it clients wait.", {.least = 1}),
        duration<&server::partial_timeout>(
            "partial-timeout",
            "Pass on partial messages of Docker unjoined when the next one does not come within this time; 0: never "
            "join any."),
        bytes<&server::partial_bytes_max>("partial-bytes-max",
                                          "Maximum size of a line that is joined from partial messages of Docker; the "
                                          "parts of a longer one are passed on unjoined.",
                                          {.least = 1}),
        choice<&server::trust_chunk_ids>(
            "trust-chunk-ids", "no|yes",
            "Whether event ids come from a chunk's id; no: for clients that make it from content alone (Fluent Bit)."),
    };
    return set;
}

option_set<client> const& sink_options() {
    static option_set<client> const set{
        flag<&client::compress>("compress", "Compress chunks with gzip (CompressedPackedForward)."),
        count<&client::in_flight_max>("in-flight", "Maximum chunks sent and not yet acked.", {.least = 1}),
        duration<&client::ack_timeout>("ack-timeout", "Ack timeout, after which a chunk is retried.", {.least = 1}),
        secret<&client::shared_key, &client::shared_key_file>(
            "send-key-file", "File whose first line is the shared key to show to the server."),
        credentials<&client::username, &client::password, &client::password_file>(
            {.user = "send-user",
             .user_help = "User name for a forward server that requires one.",
             .password_file = "send-password-file",
             .password_help = "File whose first line is the password of --send-user."}),
        net::certificate_options<&client::certificate_file, &client::key_file>(),
        net::client_options<&client::connect_timeout, &client::ca_file, &client::insecure_skip_verify>(),
    };
    return set;
}

/// More than the descriptors that there are could only fail.
void fit_to_descriptors(server& options, option_values const& values) {
    auto const limit = descriptor_limit();
    auto const most = share_descriptors(limit).forward_connections;
    if (options.connections_max <= most) return;
    say_lowered(values, "connections-max",
                fmt::format("forward: at most {} clients instead of {} (--connections-max): the process may open {} "
                            "files (ulimit -Hn)",
                            most, options.connections_max, limit));
    options.connections_max = static_cast<std::uint32_t>(most);
}

result<std::unique_ptr<source>> make_source_end(end_request const& request) {
    auto made = source_options().read(request.values);
    if (!made) return made.error();
    fit_to_memory(made->message_bytes_max, "message-bytes-max", request.values);
    fit_to_memory(made->pending_bytes_max, "pending-bytes-max", request.values);
    made->listen = request.uri.rest;
    if (auto const address = net::parse_host_port(made->listen, 24224); !address)
        return in_context(request.uri.whole, address.error());
    fit_to_descriptors(*made, request.values);
    return make_forward_source(*std::move(made));
}

result<std::unique_ptr<sink>> make_sink_end(end_request const& request) {
    auto made = sink_options().read(request.values);
    if (!made) return made.error();
    made->connect = request.uri.rest;
    if (auto const addresses = net::parse_host_list(made->connect, 24224); !addresses)
        return in_context("forward", addresses.error());
    made->tls = request.uri.scheme == "forwards";
    return make_forward_sink(*std::move(made));
}

}  // namespace

end_descriptor const forward_end{
    .name = "forward",
    .source_schemes = {"forward"},
    .sink_schemes = {"forward", "forwards"},
    .listens = true,
    .title = "Fluent forward",
    .summary = "The Fluent forward protocol, v1 and v1.5: a listener that acks what is safe, and a client.",
    .form = "forward://HOST:PORT, as a client HOST:PORT,HOST:PORT (forwards:// for TLS)",
    .source_options = source_options().rows(),
    .sink_options = sink_options().rows(),
    .source_stage = "forward_source",
    .sink_stage = "forward_sink",
    .source_metrics = {metrics::open_connections,
                       metrics::pending_bytes,
                       metrics::connections_max,
                       metrics::connections,
                       metrics::connections_broken,
                       metrics::connections_evicted,
                       metrics::connections_timed_out,
                       metrics::connections_rejected,
                       metrics::connections_unauthorized,
                       metrics::accept_failures,
                       metrics::bytes_in,
                       metrics::messages,
                       metrics::chunks_acked,
                       metrics::memory_stalls,
                       metrics::heartbeat_responses,
                       metrics::heartbeats_dropped,
                       metrics::events,
                       metrics::events_rejected,
                       metrics::messages_rejected,
                       metrics::strings_escaped,
                       metrics::metadata_dropped,
                       metrics::partials_held,
                       metrics::partial_lines_joined,
                       metrics::partials_timed_out,
                       metrics::partials_apart},
    .sink_metrics = {metrics::chunks_unacked, metrics::chunks_acked, metrics::chunks_retried, metrics::bytes_out,
                     metrics::connection_failures, net::hosts_up, net::hosts_down},
    .make_source = make_source_end,
    .make_sink = make_sink_end,
    .examples = {"logpipe produce --file access.jsonl --to forward://127.0.0.1:24224"},
};

}  // namespace logpipe::forward
