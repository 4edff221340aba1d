#include "kafka_settings.hpp"
#include "support/catch.hpp"

#include <array>

using namespace logpipe;
using namespace logpipe::kafka;

namespace {

error error_of(kafka_connection const& connection, client_kind kind = client_kind::producer) {
    client_events events{"test"};
    auto made = make_client(kind, connection, {}, events);
    return made ? error{errc::end_of_input, "it was taken"} : made.error();
}

}  // namespace

TEST_CASE("properties that would break the promise are rejected by name", "[kafka]") {
    for (auto const& [name, value] :
         {std::pair{"enable.auto.commit", "true"}, std::pair{"enable.auto.offset.store", "true"},
          std::pair{"enable.idempotence", "false"}, std::pair{"acks", "1"}, std::pair{"request.required.acks", "0"},
          std::pair{"delivery.report.only.error", "true"}, std::pair{"transactional.id", "x"}}) {
        CAPTURE(name);
        auto const reason = error_of({.properties = {{name, value}}});
        REQUIRE(reason.code == errc::invalid_argument);
        REQUIRE_THAT(reason.message, ContainsSubstring(name));
    }
    REQUIRE(error_of({.properties = {{"acks", "all"}, {"enable.idempotence", "true"}}}).code == errc::end_of_input);
}

TEST_CASE("an unknown property and a bad value are reported in librdkafka's words", "[kafka]") {
    auto const unknown = error_of({.properties = {{"no.such.thing", "1"}}});
    REQUIRE(unknown.code == errc::invalid_argument);
    REQUIRE(unknown.message == "kafka: property no.such.thing: No such configuration property: \"no.such.thing\"");
    auto const bad = error_of({.properties = {{"linger.ms", "soon"}}});
    REQUIRE(bad.code == errc::invalid_argument);
    REQUIRE_THAT(bad.message, ContainsSubstring("linger.ms"));
    REQUIRE(error_of({.security = "tls"}).code == errc::invalid_argument);
}

TEST_CASE("a user's property beats ours", "[kafka]") {
    client_events events{"test"};
    std::array const ours{kafka_property{"linger.ms", "5"}};
    auto const made = make_client(client_kind::producer, {.properties = {{"linger.ms", "77"}}}, ours, events);
    REQUIRE(made.has_value());
    std::array<char, 32> value{};
    auto bytes = value.size();
    REQUIRE(rd_kafka_conf_get(rd_kafka_conf(made->get()), "linger.ms", value.data(), &bytes) == RD_KAFKA_CONF_OK);
    REQUIRE(std::string{value.data()} == "77");
}

TEST_CASE("a login that cannot work is reported before a request is sent", "[kafka]") {
    REQUIRE_THAT(error_of({.security = "sasl_ssl", .username = "u", .password = "p"}).message,
                 ContainsSubstring("mechanism"));
    REQUIRE_THAT(error_of({.security = "sasl_ssl", .sasl_mechanism = "PLAIN"}).message, ContainsSubstring("user name"));
    REQUIRE_THAT(error_of({.username = "u"}).message, ContainsSubstring("sasl_plaintext or sasl_ssl"));
    auto const file = error_of({.security = "ssl", .ca_file = "/no/such/file"});
    REQUIRE(file.code == errc::invalid_argument);
    REQUIRE_THAT(file.message, ContainsSubstring("\"/no/such/file\": No such file"));
}
