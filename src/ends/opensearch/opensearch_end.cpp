#include "index_choice.hpp"
#include "opensearch_metrics.hpp"

#include "request_pace.hpp"
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

option_set<index_settings> const& set_up_options() {
    using settings = index_settings;
    static option_set<settings> const set{
        count<&settings::shards>("index-shards", "Primary shards of new indices.", {.least = 1, .most = 1'024}),
        count<&settings::replicas>("index-replicas", "Replicas of new indices.", {.most = 1'024}),
        text<&settings::codec>("index-codec", "WORD",
                               "Codec of new indices, such as best_compression; default: the server's."),
        text<&settings::refresh>("index-refresh", "TIME",
                                 "Refresh interval of new indices, such as 30s; default: the server's."),
        text<&settings::alias>(
            "index-alias", "NAME",
            "Alias of all indices of a name with dates or {tag}; auto: what stands before them; none."),
        flag<&settings::data_stream>("index-data-stream", "The template makes a data stream of the index's name."),
        duration<&settings::age_max>("index-age-max",
                                     "Delete indices of a name with dates once all they hold is older, and drop "
                                     "documents that belong to such an index; 0: never."),
    };
    return set;
}

option_set<options> const& sink_options() {
    static option_set<options> const set{
        bytes<&options::bulk_bytes_max>("bulk-bytes-max", "Maximum uncompressed size of one _bulk request.",
                                        {.least = 1}),
        count<&options::bulk_events_max>("bulk-events-max", "Maximum documents in one _bulk request.",
                                         {.least = 1, .most = 4'294'967'295}),
        count<&options::requests_in_flight_max>(
            "bulk-requests",
            "Maximum concurrent _bulk requests, each over its own connection; fewer while OpenSearch is busy.",
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
        duration<&options::index_window>("index-window",
                                         "How far a document's time may be from its receipt to choose an index with "
                                         "dates; beyond it the receipt does.",
                                         {.most = 366ULL * 24 * 3'600'000}),
        list<&options::tags>("index-tags", "TAG", "A tag with an index where the index's name has {tag}; repeatable."),
        flag<&options::require_rolling>("require-rolling",
                                        "Refuse data streams and aliases, in which a repeated event is stored twice "
                                        "after a rollover."),
        within<&options::settings>(set_up_options()),
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
    if (auto const pattern = index_pattern::parse(found->name); !pattern) return in_context(uri.whole, pattern.error());
    return found;
}

/// What the pattern and its options say together.
result<> check_indices(std::string const& index, index_settings const& settings) {
    auto const pattern = *index_pattern::parse(index);
    auto const bad = [&](std::string_view reason) {
        return error{errc::invalid_argument, fmt::format("index {}: {}", index, reason)};
    };
    if (settings.age_max.count() != 0 && !pattern.has_period())
        return bad("--index-age-max needs an index with a date, such as nginx-logs-%Y.%m.%d");
    if (settings.data_stream && !pattern.is_one_index())
        return bad("--index-data-stream needs a name without dates and tags: the server numbers its indices itself");
    if (settings.alias != "auto" && settings.alias != "none" && pattern.is_one_index())
        return bad("--index-alias needs an index with a date or a tag");
    if (settings.alias != "auto" && settings.alias != "none") {
        auto const alias = index_pattern::parse(settings.alias);
        if (!alias || !alias->is_one_index())
            return bad(fmt::format("--index-alias {}: expected a name", settings.alias));
        if (pattern.period_of_index(settings.alias)) return bad("--index-alias is the name of one of its indices");
    }
    return {};
}

result<> check_tags(std::string const& index, std::vector<std::string> const& tags) {
    auto const has_tag = index_pattern::parse(index)->has_tag();
    if (has_tag == !tags.empty()) return {};
    return error{errc::invalid_argument,
                 has_tag ? fmt::format("index {}: name the tags that have an index each by --index-tags, such as "
                                       "app.follow; all others share {}",
                                       index, other_tags)
                         : fmt::format("index {}: --index-tags needs a name with {{tag}}", index)};
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
    if (auto good = check_indices(where->name, made->settings); !good) return good.error();
    if (auto good = check_tags(where->name, made->tags); !good) return good.error();
    made->index = std::move(where->name);
    made->documents = request.documents;
    auto const shared =
        request.share("opensearch " + made->connection.address, [&]() -> result<std::shared_ptr<shared_resource>> {
            return std::make_shared<request_pace>(
                request_pace_options{.requests_max = made->requests_in_flight_max, .bytes_max = made->bulk_bytes_max});
        });
    if (!shared) return shared.error();
    return make_opensearch_sink(*std::move(made), std::static_pointer_cast<request_pace>(*shared));
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

result<index_settings> index_settings_of(end_uri const& uri, option_values const& values) {
    auto const where = target_of(uri);
    if (!where) return where.error();
    auto made = set_up_options().read(values);
    if (!made) return made.error();
    if (auto good = check_indices(where->name, *made); !good) return good.error();
    return made;
}

end_descriptor const opensearch_end{
    .name = "opensearch",
    .sink_schemes = {"opensearch", "opensearchs"},
    .title = "OpenSearch",
    .summary = "Indexes documents with _bulk, each exactly once.",
    .form = "opensearch://HOST:PORT,HOST:PORT/INDEX (opensearchs:// for TLS)",
    .connection_options = connection_options().rows(),
    .set_up_options = set_up_options().rows(),
    .sink_options = sink_options().rows(),
    .sink_stage = "opensearch_sink",
    .sink_metrics = {metrics::all.begin(), metrics::all.end()},
    .make_sink = make_end,
    .examples = {"logpipe index --from kafka://localhost:9092/nginx-events --to "
                 "opensearch://localhost:9200/nginx-logs"},
};

}  // namespace logpipe::opensearch
