#include "kafka_end.hpp"

#include "core/end_uri.hpp"
#include "core/letter_options.hpp"
#include "core/options.hpp"
#include "core/secrets.hpp"
#include "kafka/kafka.hpp"
#include "kafka_metrics.hpp"
#include "net/address.hpp"
#include "net/client_options.hpp"

#include <fmt/format.h>

#include <ranges>

namespace logpipe::kafka {

namespace {

using connection = kafka_connection;
using source_end = kafka_source_options;
using sink_end = kafka_sink_options;

constexpr std::uint16_t default_port = 9092;

/// A password on a command line is seen by every user of the machine, and one in a file of options is shown by `check`.
result<> check_property(std::string_view given) {
    auto const equals = given.find('=');
    if (equals == std::string_view::npos || equals == 0)
        return error{errc::invalid_argument, fmt::format("invalid value \"{}\": expected KEY=VALUE", given)};
    if (given.substr(0, equals) != "sasl.password") return {};
    return error{errc::invalid_argument,
                 "sasl.password is a secret: name its file by --kafka-password-file, or put it into the "
                 "variable LOGPIPE_KAFKA_PASSWORD; the user is --kafka-user"};
}

option_set<connection>::group properties_option() {
    option row{"kafka", option_kind::list, "KEY=VALUE", "Any property of librdkafka; may be repeated.", {}};
    row.check = check_property;
    return {{std::move(row), [](connection& into, option_values const& from) -> result<> {
                 for (auto const& each : from.list("kafka")) {
                     auto const equals = each.find('=');
                     into.properties.emplace_back(each.substr(0, equals), each.substr(equals + 1));
                 }
                 return {};
             }}};
}

/// Its default applies where there is a user; without one the connection has none.
option_set<connection>::group mechanism_option() {
    option row{"kafka-mechanism", option_kind::choice, "PLAIN|SCRAM-SHA-256|SCRAM-SHA-512",
               "SASL mechanism for --kafka-user.", "SCRAM-SHA-512"};
    return {{std::move(row), [](connection& into, option_values const& from) -> result<> {
                 into.sasl_mechanism = from.text("kafka-mechanism");
                 return {};
             }}};
}

option_set<connection> const& connection_options() {
    static option_set<connection> const set{
        properties_option(),
        choice<&connection::security>("kafka-security", "plaintext|ssl|sasl_plaintext|sasl_ssl",
                                      "Security protocol of the Kafka brokers."),
        mechanism_option(),
        text<&connection::username>("kafka-user", "NAME", "SASL user of the Kafka brokers."),
        secret<&connection::password, &connection::password_file>(
            "kafka-password-file", "File whose first line is the password of --kafka-user."),
        text<&connection::client_id>("client-id", "NAME", "Client id in the brokers' logs and quotas."),
        net::certificate_options<&connection::certificate_file, &connection::key_file>(),
        net::verification_options<&connection::ca_file, &connection::insecure_skip_verify>(),
    };
    return set;
}

option_set<source_end> const& source_options() {
    static option_set<source_end> const set{
        in_uri(text<&source_end::group>("group", "NAME", "Kafka consumer group; default: --group.")),
        text<&source_end::instance_id>("instance-id", "NAME",
                                       "Static membership: a restart within --session-timeout moves no partitions."),
        text<&source_end::from>("start", "POSITION",
                                "Where a group without an offset starts: beginning, end, or a time such as "
                                "2026-01-31T00:00:00Z."),
        duration<&source_end::session_timeout>(
            "session-timeout",
            "A member of the group that does not send heartbeats for this long loses its partitions.", {.least = 1}),
        duration<&source_end::revoke_drain>("revoke-drain",
                                            "How long a revoked partition may drain what is in flight."),
        bytes<&source_end::queue_bytes_max>("fetch-bytes-max",
                                            "Maximum bytes fetched from Kafka and not yet passed on.", {.least = 1}),
        text<&source_end::tag_header>("tag-header", "NAME", "Kafka header that carries the event's tag."),
        within<&source_end::connection>(connection_options()),
    };
    return set;
}

option_set<sink_end> const& sink_options() {
    static option_set<sink_end> const set{
        inverse_flag<&sink_end::create>("no-create", "Do not create a Kafka topic that does not exist."),
        count<&sink_end::partitions>("partitions", "Number of partitions of a Kafka topic that is created.",
                                     {.least = 1}),
        count<&sink_end::replication>("replication", "Replication factor of a Kafka topic that is created.",
                                      {.least = 1}),
        choice<&sink_end::compression>("compression", "lz4|zstd|snappy|gzip|none", "Compression of Kafka messages."),
        bytes<&sink_end::queue_bytes_max>("send-bytes-max", "Maximum bytes sent to Kafka and not yet acknowledged.",
                                          {.least = 1}),
        text<&sink_end::key_field>(
            "key", "FIELD", "Field of the record that becomes the Kafka message's key; the id is then in a header."),
        text<&sink_end::tag_header>("tag-header", "NAME", "Kafka header that carries the event's tag."),
        duration<&sink_end::linger>("flush-interval",
                                    "Maximum time that a Kafka message waits for others to share its request."),
        count<&sink_end::requests_in_flight_max>("flush-threads", "Maximum concurrent requests to one Kafka broker.",
                                                 {.least = 1, .most = 5}),
        within<&sink_end::letters_keep>(letter_options()),
        within<&sink_end::connection>(connection_options()),
    };
    return set;
}

result<named_authority> target_of(end_uri const& uri) {
    auto found = split_authority(uri, "kafka://HOST:PORT,HOST:PORT/TOPIC");
    if (!found) return found;
    // librdkafka cuts a port to 16 bits, and ignores what it does not understand.
    for (auto const broker : std::views::split(found->authority, ','))
        if (auto const known = net::parse_host_port(std::string_view{broker}, default_port); !known)
            return error{known.error().code, fmt::format("{}: {}", uri.whole, known.error().message)};
    return found;
}

result<> complete(connection& made, std::string brokers) {
    if (!made.key_file.empty())
        if (auto usable = check_secret_file(made.key_file); !usable) return usable.error();
    bool const sasl = made.security.starts_with("sasl");
    if (sasl == made.username.empty())
        return error{
            errc::invalid_argument,
            sasl ? fmt::format("--kafka-security {} needs --kafka-user and --kafka-password-file", made.security)
                 : "--kafka-user needs --kafka-security sasl_ssl (or sasl_plaintext)"};
    if (!sasl) made.sasl_mechanism.clear();
    made.brokers = std::move(brokers);
    return {};
}

result<std::unique_ptr<source>> make_source_end(end_request const& request) {
    auto made = source_options_of(request);
    if (!made) return made.error();
    return make_kafka_source(*std::move(made));
}

result<std::unique_ptr<sink>> make_sink_end(end_request const& request) {
    auto made = sink_options_of(request);
    if (!made) return made.error();
    return make_kafka_sink(*std::move(made));
}

}  // namespace

result<kafka_source_options> source_options_of(end_request const& request) {
    auto where = target_of(request.uri);
    if (!where) return where.error();
    auto made = source_options().read(request.values);
    if (!made) return made.error();
    if (auto completed = complete(made->connection, std::move(where->authority)); !completed) return completed.error();
    made->topic = std::move(where->name);
    if (made->group.empty()) made->group = request.group;
    made->until_end = request.until_end;
    return *std::move(made);
}

result<kafka_sink_options> sink_options_of(end_request const& request) {
    auto where = target_of(request.uri);
    if (!where) return where.error();
    auto made = sink_options().read(request.values);
    if (!made) return made.error();
    if (auto completed = complete(made->connection, std::move(where->authority)); !completed) return completed.error();
    made->topic = std::move(where->name);
    made->letters = request.for_dead_letters;
    if (made->letters) {
        // Keyed by id, and its event waits for it: a letter does not linger for others.
        made->partitions = 1;
        made->key_field.clear();
        made->linger = sink_end{}.linger;
        if (made->letters_keep.when_full == letters_full::block) made->letters_keep.bytes_max = 0;
    }
    return *std::move(made);
}

result<kafka_target> kafka_target_of(end_uri const& uri, option_values const& values) {
    auto where = target_of(uri);
    if (!where) return where.error();
    auto made = connection_options().read(values);
    if (!made) return made.error();
    if (auto completed = complete(*made, std::move(where->authority)); !completed) return completed.error();
    return kafka_target{.connection = *std::move(made), .topic = std::move(where->name)};
}

end_descriptor const kafka_end{
    .name = "kafka",
    .source_schemes = {"kafka"},
    .sink_schemes = {"kafka"},
    .title = "Kafka",
    .summary = "A topic of Kafka, written by an idempotent producer, read as a member of a consumer group.",
    .form = "kafka://HOST:PORT,HOST:PORT/TOPIC",
    .connection_options = connection_options().rows(),
    .source_options = source_options().rows(),
    .sink_options = sink_options().rows(),
    .source_stage = "kafka_source",
    .sink_stage = "kafka_sink",
    .source_metrics = {metrics::lag, metrics::assigned, metrics::buffered, metrics::round_trip, metrics::rebalances,
                       metrics::commits_failed, metrics::tombstones, metrics::offsets_beyond_end,
                       metrics::offsets_of_deleted_topics, metrics::missing_offsets, metrics::expired_offsets},
    .sink_metrics = {metrics::in_flight_bytes, metrics::in_flight_batches, metrics::round_trip, metrics::sent_bytes,
                     metrics::messages_retried, metrics::clients_recreated},
    .make_source = make_source_end,
    .make_sink = make_sink_end,
    .examples = {"logpipe consume --from kafka://localhost:9092/nginx-logs --to kafka://localhost:9092/nginx-events"},
};

}  // namespace logpipe::kafka
