#include "opensearch_metrics.hpp"

#include "server_requests.hpp"

#include "core/credentials.hpp"
#include "core/end_uri.hpp"
#include "core/options.hpp"
#include "net/client_options.hpp"
#include "opensearch/opensearch.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace logpipe::opensearch {

namespace {

using connection = opensearch_connection;
using options = opensearch_sink_options;

constexpr std::uint64_t week_ms = 7ULL * 24 * 3'600'000;

option_set<connection> const& connection_options() {
    static option_set<connection> const set{
        credentials<&connection::username, &connection::password, &connection::password_file>(
            {.user = "opensearch-user",
             .user_help = "User for basic authentication at OpenSearch.",
             .password_file = "opensearch-password-file",
             .password_help = "File whose first line is the password of --opensearch-user."}),
        secret<&connection::api_key, &connection::api_key_file>(
            "api-key-file", "File whose first line is an API key for OpenSearch, instead of a user."),
        duration<&connection::request_timeout>("request-timeout", "Timeout of a response from OpenSearch.",
                                               {.least = 1}),
        net::certificate_options<&connection::certificate_file, &connection::key_file>(),
        net::client_options<&connection::connect_timeout, &connection::ca_file, &connection::insecure_skip_verify>(),
    };
    return set;
}

option_set<options> const& sink_options() {
    static option_set<options> const set{
        bytes<&options::bulk_bytes_max>("bulk-bytes-max", "Maximum uncompressed size of one _bulk request.",
                                        {.least = 1}),
        count<&options::bulk_events_max>("bulk-events-max", "Maximum documents in one _bulk request.",
                                         {.least = 1, .most = 4'294'967'295}),
        count<&options::requests_in_flight_max>("bulk-requests",
                                                "Concurrent _bulk requests, each over its own connection.",
                                                {.least = 1, .most = 4'294'967'295}),
        flag<&options::compress>("bulk-compress", "Compress _bulk requests with gzip."),
        count<&options::document_tries>(
            "document-tries",
            "Minimum attempts at a document that fails while others are accepted, before it becomes a dead letter.",
            {.least = 1, .most = 4'294'967'295}),
        duration<&options::document_retry_time>(
            "document-retry-time",
            "Minimum time from a failing document's first attempt until it becomes a dead letter.",
            {.least = 0, .most = week_ms}),
        within<&options::connection>(connection_options()),
    };
    return set;
}

/// Of opensearch://HOST:PORT,HOST:PORT/PREFIX/INDEX.
struct uri_parts {
    std::string hosts;
    std::string prefix;  ///< "/PREFIX"; empty: none
    std::string name;
};

result<uri_parts> parts_of(end_uri const& uri) {
    auto const bad = [&](std::string_view reason) {
        return error{errc::invalid_argument,
                     fmt::format("{}: write it as {}://HOST:PORT/INDEX, or HOST:PORT,HOST:PORT and a gateway's "
                                 "prefix, HOST:PORT/PREFIX/INDEX{}",
                                 uri.whole, uri.scheme, reason)};
    };
    if (uri.rest.contains("://")) return bad("; all hosts share the scheme at its beginning");
    auto const slash = uri.rest.find('/');
    if (slash == 0 || slash == std::string::npos || uri.rest.ends_with('/')) return bad("");
    auto const last = uri.rest.rfind('/');
    uri_parts found{.hosts = uri.rest.substr(0, slash),
                    .prefix = uri.rest.substr(slash, last - slash),
                    .name = uri.rest.substr(last + 1)};
    bool const is_path = std::ranges::all_of(found.prefix, [](char c) {
        return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') ||
               std::string_view{"-._~/"}.contains(c);
    });
    if (!is_path || found.prefix.contains("//") || found.prefix.ends_with('/'))
        return bad("; a prefix has letters, digits and - . _ ~ between single slashes");
    return found;
}

result<uri_parts> target_of(end_uri const& uri) {
    auto found = parts_of(uri);
    if (!found) return found;
    auto const& index = found->name;
    // What OpenSearch rejects (MetadataCreateIndexService.validateIndexOrAliasName and its callers), only later.
    bool const is_name = std::ranges::none_of(
        index, [](char c) { return ('A' <= c && c <= 'Z') || std::string_view{"\\/*?\"<>| ,#:"}.contains(c); });
    if (!is_name || std::string_view{"-_+"}.contains(index.front()))
        return error{errc::invalid_argument,
                     fmt::format("{}: invalid index name \"{}\": expected lower case, without \\ / * ? \" < > | , # : "
                                 "and spaces, and not beginning with - _ +",
                                 uri.whole, index)};
    return found;
}

result<> complete(connection& made, end_uri const& uri, uri_parts const& where) {
    if (!made.username.empty() && !made.api_key.empty())
        return error{errc::invalid_argument, "--opensearch-user and --api-key-file: give only one of them"};
    made.address = where.hosts;
    made.path_prefix = where.prefix;
    made.tls = uri.scheme == "opensearchs";
    // The sink is opened only after its source, which may take for ever: what can never work is known at start.
    if (auto usable = make_targets(made); !usable) return usable.error();
    return {};
}

result<std::unique_ptr<sink>> make_end(end_request const& request) {
    auto where = target_of(request.uri);
    if (!where) return where.error();
    auto made = sink_options().read(request.values);
    if (!made) return made.error();
    if (auto completed = complete(made->connection, request.uri, *where); !completed) return completed.error();
    made->index = std::move(where->name);
    made->documents = request.documents;
    return make_opensearch_sink(*std::move(made));
}

}  // namespace

result<opensearch_target> opensearch_target_of(end_uri const& uri, option_values const& values) {
    auto where = target_of(uri);
    if (!where) return where.error();
    auto made = connection_options().read(values);
    if (!made) return made.error();
    if (auto completed = complete(*made, uri, *where); !completed) return completed.error();
    return opensearch_target{.connection = *std::move(made), .index = std::move(where->name)};
}

end_descriptor const opensearch_end{
    .name = "opensearch",
    .sink_schemes = {"opensearch", "opensearchs"},
    .title = "OpenSearch",
    .summary = "Indexes documents with _bulk, each exactly once.",
    .form = "opensearch://HOST:PORT,HOST:PORT/INDEX (opensearchs:// for TLS)",
    .connection_options = connection_options().rows(),
    .sink_options = sink_options().rows(),
    .sink_stage = "opensearch_sink",
    .sink_metrics = {metrics::all.begin(), metrics::all.end()},
    .make_sink = make_end,
    .examples = {"logpipe index --from kafka://localhost:9092/nginx-events --to "
                 "opensearch://localhost:9200/nginx-logs"},
};

}  // namespace logpipe::opensearch
