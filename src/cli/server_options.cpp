// From settings and a URI to the options of the ends that are servers of their own: Kafka and OpenSearch.
#include "core/secrets.hpp"
#include "net/address.hpp"
#include "stage_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <ranges>

namespace logpipe::cli {

namespace {

constexpr std::uint16_t kafka_port = 9092;

struct place {
    std::string address;
    std::string name;
};

result<place> split_place(end_uri const& uri, std::string_view example) {
    auto const slash = uri.rest.find('/');
    if (slash == 0 || slash == std::string::npos || slash + 1 == uri.rest.size() ||
        uri.rest.find('/', slash + 1) != std::string::npos)
        return error{errc::invalid_argument, fmt::format("{}: write it as {}", uri.whole, example)};
    return place{uri.rest.substr(0, slash), uri.rest.substr(slash + 1)};
}

template <class Number>
result<Number> number_of(settings const& options, std::string_view name, Number least) {
    auto const value = options.count(name);
    if (value >= static_cast<std::uint64_t>(least) &&
        value <= static_cast<std::uint64_t>(std::numeric_limits<Number>::max()))
        return static_cast<Number>(value);
    return error{errc::invalid_argument,
                 fmt::format("--{} {}: must be from {} to {}", name, value, least, std::numeric_limits<Number>::max())};
}

result<std::vector<std::pair<std::string, std::string>>> properties_of(settings const& options) {
    std::vector<std::pair<std::string, std::string>> properties;
    for (auto const& each : options.list("kafka")) {
        auto const equals = each.find('=');
        if (equals == std::string::npos || equals == 0)
            return error{errc::invalid_argument, fmt::format("--kafka {}: write it as KEY=VALUE", each)};
        properties.emplace_back(each.substr(0, equals), each.substr(equals + 1));
    }
    return properties;
}

result<kafka::kafka_connection> kafka_connection_of(settings const& options, std::string brokers) {
    auto properties = properties_of(options);
    if (!properties) return properties.error();
    auto password = options.secret("kafka-password-file");
    if (!password) return password.error();
    if (auto const& key = options.text("client-key-file"); !key.empty())
        if (auto usable = check_secret_file(key); !usable) return usable.error();
    auto const& security = options.text("kafka-security");
    auto const& user = options.text("kafka-user");
    bool const sasl = security.starts_with("sasl");
    if (sasl == user.empty())
        return error{errc::invalid_argument,
                     sasl ? fmt::format("--kafka-security {} needs --kafka-user and --kafka-password-file", security)
                          : "--kafka-user needs --kafka-security sasl_ssl (or sasl_plaintext)"};
    return kafka::kafka_connection{.brokers = std::move(brokers),
                                   .client_id = options.text("client-id"),
                                   .security = security,
                                   .sasl_mechanism = sasl ? options.text("kafka-mechanism") : std::string{},
                                   .username = user,
                                   .password = *std::move(password),
                                   .password_file = options.text("kafka-password-file"),
                                   .ca_file = options.text("ca-file"),
                                   .certificate_file = options.text("client-certificate-file"),
                                   .key_file = options.text("client-key-file"),
                                   .insecure_skip_verify = options.on("insecure-skip-verify"),
                                   .properties = *std::move(properties)};
}

}  // namespace

result<kafka_place> kafka_place_of(settings const& options, end_uri const& uri) {
    auto where = split_place(uri, "kafka://HOST:PORT,HOST:PORT/TOPIC");
    if (!where) return where.error();
    // librdkafka cuts a port to 16 bits, and leaves out what it does not understand.
    for (auto const broker : std::views::split(where->address, ','))
        if (auto const known = net::parse_host_port(std::string_view{broker}, kafka_port); !known)
            return error{known.error().code, fmt::format("{}: {}", uri.whole, known.error().message)};
    auto connection = kafka_connection_of(options, std::move(where->address));
    if (!connection) return connection.error();
    return kafka_place{.connection = *std::move(connection), .topic = std::move(where->name)};
}

result<kafka::kafka_source_options> kafka_source_options_of(settings const& options, end_uri const& uri) {
    auto where = kafka_place_of(options, uri);
    if (!where) return where.error();
    return kafka::kafka_source_options{.connection = std::move(where->connection),
                                       .topic = std::move(where->topic),
                                       .group = options.text("group"),
                                       .instance_id = options.text("instance-id"),
                                       .from = options.text("start"),
                                       .queue_bytes_max = options.bytes("fetch-bytes-max"),
                                       .session_timeout = options.duration("session-timeout"),
                                       .revoke_drain = options.duration("revoke-drain"),
                                       // `run --once` ends when its own source has, and all of that is indexed.
                                       .until_end = options.on("once") && options.subcommand() != "run"};
}

result<kafka::kafka_sink_options> kafka_sink_options_of(settings const& options, end_uri const& uri, bool letters) {
    auto where = kafka_place_of(options, uri);
    if (!where) return where.error();
    auto const partitions = number_of<std::int32_t>(options, "partitions", 1);
    if (!partitions) return partitions.error();
    auto const replication = number_of<std::int16_t>(options, "replication", 1);
    if (!replication) return replication.error();
    auto const requests = number_of<std::int32_t>(options, "flush-threads", 1);
    if (!requests) return requests.error();
    if (*requests > 5)
        return error{errc::invalid_argument,
                     "--flush-threads: an idempotent producer has at most 5 requests to a broker on their way"};
    kafka::kafka_sink_options sink{.connection = std::move(where->connection),
                                   .topic = std::move(where->topic),
                                   .create = !options.on("no-create"),
                                   .partitions = *partitions,
                                   .replication = *replication,
                                   .compression = options.text("compression"),
                                   .linger = options.duration("flush-interval"),
                                   .requests_in_flight_max = *requests,
                                   .queue_bytes_max = options.bytes("send-bytes-max"),
                                   .key_field = options.text("key"),
                                   .tag_header = options.text("tag-header")};
    if (letters) {
        // Keyed by id and waited for: a letter is not collected with others.
        sink.letters = true;
        sink.letters_keep = {
            .bytes_max = options.text("letters-full") == "block" ? 0 : options.bytes("letters-bytes-max"),
            .age_max = options.duration("letters-age-max")};
        sink.partitions = 1;
        sink.key_field.clear();
        sink.linger = kafka::kafka_sink_options{}.linger;
    }
    return sink;
}

result<opensearch_place> opensearch_place_of(settings const& options, end_uri const& uri) {
    auto where = split_place(uri, uri.scheme + "://HOST:PORT/INDEX");
    if (!where) return where.error();
    // What OpenSearch refuses (MetadataCreateIndexService.validateIndexOrAliasName and its callers), only later.
    bool const is_name = std::ranges::none_of(
        where->name, [](char c) { return ('A' <= c && c <= 'Z') || std::string_view{"\\/*?\"<>| ,#:"}.contains(c); });
    if (!is_name || std::string_view{"-_+"}.contains(where->name.front()))
        return error{errc::invalid_argument,
                     fmt::format("{}: \"{}\" is no name for an index: lower case, without \\ / * ? \" < > | , # : and "
                                 "spaces, and not beginning with - _ +",
                                 uri.whole, where->name)};
    for (auto const* name : {"connect-timeout", "request-timeout"})
        if (options.duration(name).count() == 0)
            return error{errc::invalid_argument, fmt::format("--{} 0: must be more than 0", name)};
    auto password = options.secret("opensearch-password-file");
    if (!password) return password.error();
    auto api_key = options.secret("api-key-file");
    if (!api_key) return api_key.error();
    auto const& user = options.text("opensearch-user");
    if (!user.empty() && !api_key->empty())
        return error{errc::invalid_argument, "--opensearch-user and --api-key-file: only one of them can be given"};
    if (user.empty() != password->empty())
        return error{errc::invalid_argument, "--opensearch-user and --opensearch-password-file belong together"};
    if (uri.scheme == "opensearchs")
        if (auto usable = check_ca_file(options); !usable) return in_context("opensearch", usable.error());
    return opensearch_place{.connection = {.address = std::move(where->address),
                                           .tls = uri.scheme == "opensearchs",
                                           .ca_file = options.text("ca-file"),
                                           .insecure_skip_verify = options.on("insecure-skip-verify"),
                                           .username = user,
                                           .password = *std::move(password),
                                           .password_file = options.text("opensearch-password-file"),
                                           .api_key_file = options.text("api-key-file"),
                                           .api_key = *std::move(api_key),
                                           .connect_timeout = options.duration("connect-timeout"),
                                           .request_timeout = options.duration("request-timeout")},
                            .index = std::move(where->name)};
}

result<opensearch::opensearch_sink_options> opensearch_sink_options_of(settings const& options, end_uri const& uri) {
    auto where = opensearch_place_of(options, uri);
    if (!where) return where.error();
    if (options.bytes("bulk-bytes-max") == 0)
        return error{errc::invalid_argument, "--bulk-bytes-max 0: must be more than 0"};
    auto const requests = number_of<std::uint32_t>(options, "bulk-requests", 1);
    if (!requests) return requests.error();
    auto const events = number_of<std::uint32_t>(options, "bulk-events-max", 1);
    if (!events) return events.error();
    auto const tries = number_of<std::uint32_t>(options, "document-tries", 1);
    if (!tries) return tries.error();
    auto const retry_time = options.duration("document-retry-time");
    if (retry_time > std::chrono::days{7})
        return error{errc::invalid_argument, "--document-retry-time: must be from 0 to 7d"};
    auto mapping = mapping_of(options);
    if (!mapping) return mapping.error();
    return opensearch::opensearch_sink_options{.connection = std::move(where->connection),
                                               .index = std::move(where->index),
                                               .documents = std::move(mapping->documents),
                                               .bulk_bytes_max = options.bytes("bulk-bytes-max"),
                                               .bulk_events_max = *events,
                                               .requests_in_flight_max = *requests,
                                               .compress = options.on("bulk-compress"),
                                               .document_tries = *tries,
                                               .document_retry_time = retry_time};
}

}  // namespace logpipe::cli
