#include "core/memory_options.hpp"
#include "core/options.hpp"
#include "ingest/ingest.hpp"
#include "ingest_metrics.hpp"
#include "lines/options.hpp"
#include "net/address.hpp"
#include "net/listener_options.hpp"

namespace logpipe::ingest {

namespace {

using server = ingest_options;

// A record's offset in its batch has 32 bits.
constexpr std::uint64_t bytes_limit_max = std::uint64_t{256} << 20U;

option_set<server> const& source_options() {
    static option_set<server> const set{
        within<&server::lines>(lines::options_of_lines()),
        secret<&server::token, &server::token_file>(
            "ingest-token-file", "File whose first line is the bearer token that requests to POST /ingest must bring."),
        bytes<&server::body_bytes_max>("ingest-body-bytes-max", "Maximum size of a request's body, as it is sent.",
                                       {.least = 1, .most = bytes_limit_max}),
        bytes<&server::decompressed_bytes_max>("ingest-decompressed-bytes-max",
                                               "Maximum size of a request's body once decompressed.",
                                               {.least = 1, .most = bytes_limit_max}),
        count<&server::events_max>("ingest-events-max", "Maximum events in one request.", {.least = 1}),
        bytes<&server::pending_bytes_max>(
            "ingest-pending-bytes-max",
            "Maximum size of all bodies being received and of events not yet taken by the pump; above it requests are "
            "answered 503.",
            {.least = 1}),
        count<&server::connections_max>("ingest-connections-max",
                                        "Maximum concurrent HTTP clients; further ones wait until one leaves.",
                                        {.least = 1, .most = 100'000}),
        duration<&server::request_timeout>("ingest-request-timeout",
                                           "Disconnect an HTTP client whose TLS handshake or request takes longer.",
                                           {.least = 1}),
        duration<&server::idle_timeout>(
            "ingest-idle-timeout", "Disconnect an HTTP client that sends no next request for this long.", {.least = 1}),
        duration<&server::safe_timeout>(
            "ingest-safe-timeout",
            "Answer a request 503 when its events are not safe within this time; sent again, they are not doubled.",
            {.least = 1}),
        net::listener_certificate_options<&server::certificate_file, &server::key_file, &server::client_ca_file>(),
    };
    return set;
}

result<> check_tls(end_uri const& uri, server const& options) {
    bool const is_tls = uri.scheme == "ingests";
    bool const has_files = !options.certificate_file.empty() || !options.key_file.empty();
    if (is_tls && options.certificate_file.empty())
        return error{errc::invalid_argument,
                     uri.whole +
                         ": TLS needs --certificate-file and --key-file, or certificate-file= and key-file= in "
                         "its query"};
    if (is_tls || !has_files) return {};
    return error{errc::invalid_argument,
                 uri.whole +
                     ": ingest:// is without TLS: write ingests://, or give the certificate in the query of "
                     "the URI that it belongs to"};
}

result<std::unique_ptr<source>> make_source_end(end_request const& request) {
    auto made = source_options().read(request.values);
    if (!made) return made.error();
    if (!net::parse_host_port(request.uri.rest))
        return error{errc::invalid_argument, request.uri.whole + ": write it as ingest://HOST:PORT"};
    made->listen = request.uri.rest;
    if (auto fits = check_tls(request.uri, *made); !fits) return fits.error();
    fit_to_memory(made->body_bytes_max, "ingest-body-bytes-max", request.values);
    fit_to_memory(made->decompressed_bytes_max, "ingest-decompressed-bytes-max", request.values);
    fit_to_memory(made->pending_bytes_max, "ingest-pending-bytes-max", request.values);
    if (made->body_bytes_max > made->pending_bytes_max)
        return error{errc::invalid_argument,
                     "--ingest-body-bytes-max is above --ingest-pending-bytes-max: such a body could never be taken"};
    return make_ingest_source(*std::move(made));
}

}  // namespace

end_descriptor const ingest_end{
    .name = "ingest",
    .source_schemes = {"ingest", "ingests"},
    .listens = true,
    .title = "HTTP listener",
    .summary =
        "Takes lines, NDJSON or JSON arrays by POST /ingest and answers 200 when they are safe; a request that is "
        "sent again adds nothing.",
    .form = "ingest://HOST:PORT (ingests:// for TLS)",
    .source_options = source_options().rows(),
    .source_stage = "ingest_source",
    .source_metrics = {metrics::open_connections, metrics::waiting, metrics::connections, metrics::handshakes_failed,
                       metrics::accept_failures, metrics::requests, metrics::requests_rejected,
                       metrics::requests_unauthorized, metrics::requests_deferred, metrics::connections_timed_out,
                       metrics::bytes_in, metrics::pending_bytes, metrics::events, metrics::events_cut},
    .make_source = make_source_end,
    .examples = {"logpipe run --from ingest://127.0.0.1:8080",
                 "curl --data-binary @access.log -H 'Content-Type: text/plain' http://127.0.0.1:8080/ingest"},
};

}  // namespace logpipe::ingest
