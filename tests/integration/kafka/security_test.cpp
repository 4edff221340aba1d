#include "kafka_support.hpp"

#include <algorithm>

using namespace logpipe;
using namespace logpipe::kafka;
using namespace logpipe::test;

namespace {

std::string variable(char const* name) {
    auto const* const value = std::getenv(name);
    if (value == nullptr) throw std::runtime_error{fmt::format("{} must be set for these tests", name)};
    return value;
}

/// Everything as the options' defaults have it (kafka-mechanism: SCRAM-SHA-512), over TLS.
kafka_connection secure_connection(std::string password) {
    return {.brokers = variable("LOGPIPE_KAFKA_SASL_SSL"),
            .security = "sasl_ssl",
            .sasl_mechanism = "SCRAM-SHA-512",
            .username = variable("LOGPIPE_KAFKA_USER"),
            .password = std::move(password),
            .ca_file = variable("LOGPIPE_KAFKA_CA")};
}

}  // namespace

TEST_CASE("SCRAM over TLS connects, writes and reads", "[kafka]") {
    own_topic topic;
    topic.connection = secure_connection(variable("LOGPIPE_KAFKA_PASSWORD"));
    topic.write({numbered_events(0, 10)});
    auto const from = make_kafka_source(topic.source_options());
    REQUIRE(from->open());
    taken_events taken{*from};
    REQUIRE(taken.read(10));
    taken.commit_all();
    REQUIRE(comes_true([&] { return gauge_of(from->status(), "kafka_lag_events") == 0; }));
}

TEST_CASE("a wrong password is refused by name, in one line, at both ends", "[kafka]") {
    own_topic topic;
    topic.connection = secure_connection("not the password");
    auto const is_clear = [](result<> const& opened) {
        REQUIRE(!opened);
        REQUIRE(opened.error().code == errc::unauthorized);
        REQUIRE_THAT(opened.error().message,
                     ContainsSubstring("uthentication failed") && ContainsSubstring("SCRAM-SHA-512"));
        REQUIRE(!opened.error().message.contains('\n'));
    };
    awaited_reports reports;
    is_clear(make_kafka_sink(topic.sink_options())->open(reports));
    is_clear(make_kafka_source(topic.source_options())->open());
}
