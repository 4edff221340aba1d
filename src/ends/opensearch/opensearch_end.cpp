#include "opensearch_metrics.hpp"

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

result<named_authority> target_of(end_uri const& uri) {
    auto found = split_authority(uri, uri.scheme + "://HOST:PORT/INDEX");
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

result<> complete(connection& made, end_uri const& uri, std::string address) {
    if (!made.username.empty() && !made.api_key.empty())
        return error{errc::invalid_argument, "--opensearch-user and --api-key-file: give only one of them"};
    made.address = std::move(address);
    made.tls = uri.scheme == "opensearchs";
    if (made.tls)
        if (auto usable = net::check_ca_file(made.ca_file); !usable) return in_context("opensearch", usable.error());
    return {};
}

result<std::unique_ptr<sink>> make_end(end_request const& request) {
    auto where = target_of(request.uri);
    if (!where) return where.error();
    auto made = sink_options().read(request.values);
    if (!made) return made.error();
    if (auto completed = complete(made->connection, request.uri, std::move(where->authority)); !completed)
        return completed.error();
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
    if (auto completed = complete(*made, uri, std::move(where->authority)); !completed) return completed.error();
    return opensearch_target{.connection = *std::move(made), .index = std::move(where->name)};
}

end_descriptor const opensearch_end{
    .name = "opensearch",
    .sink_schemes = {"opensearch", "opensearchs"},
    .title = "OpenSearch",
    .summary = "Indexes documents with _bulk, each exactly once.",
    .form = "opensearch://HOST:PORT/INDEX (opensearchs:// for TLS)",
    .connection_options = connection_options().rows(),
    .sink_options = sink_options().rows(),
    .sink_stage = "opensearch_sink",
    .sink_metrics = {metrics::all.begin(), metrics::all.end()},
    .make_sink = make_end,
    .examples = {"logpipe index --from kafka://localhost:9092/nginx-events --to "
                 "opensearch://localhost:9200/nginx-logs"},
};

}  // namespace logpipe::opensearch
