#include "kafka_settings.hpp"

#include "core/secrets.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <vector>

namespace logpipe::kafka {

namespace {

/// Properties that would break the promise: nothing is acknowledged before it is safe, and what is gets reported.
struct promise {
    std::string_view name;
    std::string_view kept_by;  ///< values that keep it, between bars; empty: none does
    std::string_view reason;
};
constexpr std::array promises{
    promise{"enable.auto.commit", "|false|",
            "a position is committed when the events are safe, not when they were read"},
    promise{"enable.auto.offset.store", "|false|", "a position is committed when the events are safe"},
    promise{"auto.commit.enable", "|false|", "a position is committed when the events are safe"},
    promise{"enable.idempotence", "|true|", "without it a retry could double or reorder messages"},
    promise{"acks", "|all|-1|", "a message is safe when all in-sync replicas have it"},
    promise{"request.required.acks", "|all|-1|", "a message is safe when all in-sync replicas have it"},
    promise{"delivery.report.only.error", "|false|", "each message must be reported"},
    promise{"transactional.id", "", "transactions are not used here"},
};

error bad_property(std::string_view name, std::string_view words) {
    while (words.ends_with('\n')) words.remove_suffix(1);
    return {errc::invalid_argument, fmt::format("kafka: property {}: {}", name, words)};
}

result<> check_promises(kafka_property const& property) {
    for (auto const& each : promises) {
        if (property.first != each.name) continue;
        if (each.kept_by.find(fmt::format("|{}|", property.second)) != std::string_view::npos) return {};
        return bad_property(each.name, fmt::format("{} is not possible: {}", property.second, each.reason));
    }
    return {};
}

result<> set(rd_kafka_conf_t* conf, kafka_property const& property) {
    std::array<char, 512> words{};
    auto const& [name, value] = property;
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), words.data(), words.size()) == RD_KAFKA_CONF_OK) return {};
    return bad_property(name, words.data());
}

result<std::vector<kafka_property>> connection_properties(kafka_connection const& connection) {
    bool const sasl = connection.security.starts_with("sasl_");
    if (sasl && connection.sasl_mechanism.empty())
        return error{errc::invalid_argument, fmt::format("kafka: security {} needs a SASL mechanism: PLAIN, "
                                                         "SCRAM-SHA-256 or SCRAM-SHA-512",
                                                         connection.security)};
    if (sasl && connection.username.empty())
        return error{errc::invalid_argument, fmt::format("kafka: security {} needs a user name", connection.security)};
    if (!sasl && !connection.username.empty())
        return error{
            errc::invalid_argument,
            fmt::format("kafka: a user name needs security sasl_plaintext or sasl_ssl, not {}", connection.security)};
    std::vector<kafka_property> out{{"bootstrap.servers", connection.brokers},
                                    {"client.id", connection.client_id},
                                    {"security.protocol", connection.security},
                                    // The default of 10 s would be most of an outage's end.
                                    {"reconnect.backoff.max.ms", "2000"},
                                    // New partitions, by default after 5 minutes.
                                    {"topic.metadata.refresh.interval.ms", "5000"},
                                    {"socket.keepalive.enable", "true"}};
    auto const add = [&](char const* name, std::string const& value) {
        if (!value.empty()) out.emplace_back(name, value);
    };
    add("sasl.mechanism", connection.sasl_mechanism);
    add("sasl.username", connection.username);
    add("sasl.password", connection.password);
    add("ssl.ca.location", connection.ca_file);
    add("ssl.certificate.location", connection.certificate_file);
    add("ssl.key.location", connection.key_file);
    if (connection.insecure_skip_verify) out.emplace_back("enable.ssl.certificate.verification", "false");
    return out;
}

/// librdkafka says neither which file it could not read nor the reason.
result<> check_files(kafka_connection const& connection) {
    for (auto const* file : {&connection.ca_file, &connection.certificate_file, &connection.key_file})
        if (!file->empty() && ::access(file->c_str(), R_OK) != 0)
            return error{errc::invalid_argument,
                         fmt::format("kafka: cannot read \"{}\": {}", *file, std::strerror(errno))};
    return {};
}

/// For the next connection; librdkafka cannot give a client another CA file.
result<> reload_password(rd_kafka_t* client, std::string const& user, std::string const& file) {
    auto const password = read_secret(file);
    if (!password) return password.error();
    kafka_failure const failed{rd_kafka_sasl_set_credentials(client, user.c_str(), password->c_str())};
    if (failed) return error{errc::invalid_argument, rd_kafka_error_string(failed.get())};
    return {};
}

}  // namespace

result<client_handle> make_client(client_kind kind, kafka_connection const& connection,
                                  std::span<kafka_property const> ours, client_events& events) {
    auto const base = connection_properties(connection);
    if (!base) return base.error();
    if (auto readable = check_files(connection); !readable) return readable.error();
    conf_handle conf{rd_kafka_conf_new()};
    events.attach(conf.get(), kind);
    for (auto const& property : *base)
        if (auto done = set(conf.get(), property); !done) return done.error();
    for (auto const& property : ours)
        if (auto done = set(conf.get(), property); !done) return done.error();
    for (auto const& property : connection.properties) {
        if (auto kept = check_promises(property); !kept) return kept.error();
        if (auto done = set(conf.get(), property); !done) return done.error();
    }
    std::array<char, 512> words{};
    auto const type = kind == client_kind::producer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER;
    client_handle client{rd_kafka_new(type, conf.get(), words.data(), words.size())};
    if (!client) {
        auto const& ca_file = connection.ca_file;
        return error{
            errc::invalid_argument,
            fmt::format("kafka: {}{}", words.data(), ca_file.empty() ? "" : fmt::format(" (CA file \"{}\")", ca_file))};
    }
    (void)conf.release();  // the client's now
    if (!connection.password_file.empty())
        client.get_deleter().reload =
            reload_entry{"kafka", [to = client.get(), user = connection.username, file = connection.password_file] {
                             return reload_password(to, user, file);
                         }};
    return client;
}

}  // namespace logpipe::kafka
