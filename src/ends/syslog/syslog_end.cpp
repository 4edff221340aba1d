#include "core/memory_options.hpp"
#include "core/options.hpp"
#include "lines/options.hpp"
#include "net/address.hpp"
#include "net/listener_options.hpp"
#include "syslog/syslog.hpp"
#include "syslog_metrics.hpp"

namespace logpipe::syslog {

namespace {

using server = syslog_source_options;

option_set<server> const& source_options() {
    static option_set<server> const set{
        within<&server::lines>(lines::options_of_lines()),
        choice<&server::over>("syslog-transport", "any|udp|tcp",
                              "Transport of syslog:// messages; any: UDP and TCP on the same port."),
        bytes<&server::receive_buffer_bytes>("syslog-receive-buffer",
                                             "Receive buffer for syslog datagrams to ask of the kernel; what does not "
                                             "fit into it is lost.",
                                             {.least = 4096, .most = std::uint64_t{1} << 30U}),
        bytes<&server::pending_bytes_max>(
            "syslog-pending-bytes-max",
            "Maximum size of syslog messages received and not yet taken by the pump; above it TCP clients wait, and "
            "the kernel drops datagrams once its buffer is full.",
            {.least = 1}),
        count<&server::connections_max>("syslog-connections-max",
                                        "Maximum concurrent syslog clients; further ones wait until one leaves.",
                                        {.least = 1, .most = 100'000}),
        duration<&server::idle_time>("syslog-idle-timeout",
                                     "Disconnect syslog clients that send nothing for this long; 0: never."),
        duration<&server::handshake_timeout>("syslog-handshake-timeout", "Timeout of a syslog client's TLS handshake.",
                                             {.least = 1}),
        net::listener_certificate_options<&server::certificate_file, &server::key_file, &server::client_ca_file>(),
    };
    return set;
}

result<> check_tls(end_uri const& uri, server const& options) {
    bool const has_files = !options.certificate_file.empty() || !options.key_file.empty();
    if (options.tls && options.certificate_file.empty())
        return error{errc::invalid_argument,
                     uri.whole +
                         ": TLS needs --certificate-file and --key-file, or certificate-file= and key-file= in "
                         "its query"};
    if (options.tls && options.over == transport::udp)
        return error{errc::invalid_argument, uri.whole + ": TLS is over TCP: leave out --syslog-transport udp"};
    if (options.tls || !has_files) return {};
    return error{errc::invalid_argument,
                 uri.whole +
                     ": syslog:// is without TLS: write syslogs://, or give the certificate in the query of "
                     "the URI that it belongs to"};
}

result<std::unique_ptr<source>> make_source_end(end_request const& request) {
    auto made = source_options().read(request.values);
    if (!made) return made.error();
    if (!net::parse_host_port(request.uri.rest))
        return error{errc::invalid_argument, request.uri.whole + ": write it as syslog://HOST:PORT"};
    made->listen = request.uri.rest;
    made->tls = request.uri.scheme == "syslogs";
    fit_to_memory(made->pending_bytes_max, "syslog-pending-bytes-max", request.values);
    if (auto fits = check_tls(request.uri, *made); !fits) return fits.error();
    return make_syslog_source(*std::move(made));
}

}  // namespace

end_descriptor const syslog_end{
    .name = "syslog",
    .source_schemes = {"syslog", "syslogs"},
    .listens = true,
    .title = "Syslog",
    .summary =
        "Listens for syslog over UDP and TCP, or TLS, without acknowledgement: what is in transit when a process "
        "ends is lost, and datagrams also when the kernel's buffer is full.",
    .form = "syslog://HOST:PORT (syslogs:// for TLS)",
    .source_options = source_options().rows(),
    .source_stage = "syslog_source",
    .source_metrics = {metrics::open_connections, metrics::datagrams_dropped, metrics::datagrams,
                       metrics::receive_buffer_bytes, metrics::connections, metrics::connections_idle,
                       metrics::handshakes_failed, metrics::accept_failures, metrics::bytes_in, metrics::messages_empty,
                       metrics::pending_bytes, metrics::messages, metrics::messages_cut, metrics::messages_incomplete},
    .make_source = make_source_end,
    .examples = {"logpipe run --from syslog://0.0.0.0:5514",
                 "logpipe run --from 'syslogs://0.0.0.0:6514?certificate-file=server.pem&key-file=server.key'"},
};

}  // namespace logpipe::syslog
