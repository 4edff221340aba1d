#include "core/options.hpp"
#include "lines/options.hpp"
#include "net/address.hpp"
#include "tcp/tcp.hpp"
#include "tcp_metrics.hpp"

namespace logpipe::tcp {

namespace {

option_set<tcp_source_options> const& source_options() {
    static option_set<tcp_source_options> const set{
        within<&tcp_source_options::lines>(lines::options_of_lines()),
        count<&tcp_source_options::connections_max>("tcp-connections-max",
                                                    "Maximum concurrent clients; further ones wait until one leaves.",
                                                    {.least = 1, .most = 100'000}),
        duration<&tcp_source_options::idle_time>("tcp-idle-timeout",
                                                 "Disconnect clients that send nothing for this long; 0: never."),
    };
    return set;
}

option_set<tcp_sink_options> const& sink_options() {
    static option_set<tcp_sink_options> const set{
        duration<&tcp_sink_options::connect_timeout>("tcp-connect-timeout", "Connect timeout.", {.least = 1}),
        duration<&tcp_sink_options::stall_timeout>(
            "tcp-stall-timeout", "Reconnect when the receiver takes nothing for this long.", {.least = 1}),
    };
    return set;
}

/// tcp://HOST:PORT.
result<std::string> address_of(end_uri const& uri) {
    auto const where = net::parse_host_port(uri.rest);
    if (!where) return error{errc::invalid_argument, uri.whole + ": write it as tcp://HOST:PORT"};
    return uri.rest;
}

result<std::unique_ptr<source>> make_source_end(end_request const& request) {
    auto made = source_options().read(request.values);
    if (!made) return made.error();
    auto address = address_of(request.uri);
    if (!address) return address.error();
    made->listen = *std::move(address);
    made->lines.run_id = request.run_id;
    return make_tcp_source(*std::move(made));
}

result<std::unique_ptr<sink>> make_sink_end(end_request const& request) {
    auto made = sink_options().read(request.values);
    if (!made) return made.error();
    auto address = address_of(request.uri);
    if (!address) return address.error();
    made->address = *std::move(address);
    return make_tcp_sink(*std::move(made));
}

}  // namespace

end_descriptor const tcp_end{
    .name = "tcp",
    .source_schemes = {"tcp"},
    .sink_schemes = {"tcp"},
    .listens = true,
    .title = "TCP",
    .summary = "Lines over TCP, without acknowledgement: a lost connection loses what was in transit.",
    .form = "tcp://HOST:PORT",
    .source_options = source_options().rows(),
    .sink_options = sink_options().rows(),
    .source_stage = "tcp_source",
    .sink_stage = "tcp_sink",
    .source_metrics = {metrics::open_connections, metrics::connections, metrics::idle_closed, metrics::bytes_in,
                       metrics::empty_lines, metrics::cut_lines},
    .sink_metrics = {metrics::reconnects, metrics::bytes_out},
    .make_source = make_source_end,
    .make_sink = make_sink_end,
    .examples = {"logpipe run --from tcp://0.0.0.0:5170",
                 "logpipe produce --file access.jsonl --to tcp://collector:5170"},
};

}  // namespace logpipe::tcp
