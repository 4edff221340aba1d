#include "kafka_end.hpp"

#include "support/catch.hpp"
#include "support/given_options.hpp"

using namespace logpipe;
using namespace logpipe::kafka;
using namespace logpipe::test;

namespace {

result<kafka_target> target_of(std::string const& uri, given_texts const& given = {}) {
    return kafka_target_of(parse_uri(uri).value(), given_options{kafka_end.connection_options, given});
}

}  // namespace

TEST_CASE("a Kafka URI names brokers and a topic", "[end]") {
    auto const target = target_of("kafka://b1:9092,b2:9092/nginx-logs");
    REQUIRE(target.has_value());
    CHECK(target->connection.brokers == "b1:9092,b2:9092");
    CHECK(target->connection.client_id == "logpipe");
    CHECK(target->topic == "nginx-logs");
    for (auto const* text : {"kafka://b1:9092", "kafka://b1:9092/", "kafka:///topic", "kafka://b1:9092/a/b"}) {
        auto const bad = target_of(text);
        INFO(text);
        REQUIRE(bad.has_error());
        CHECK(bad.error().code == errc::invalid_argument);
        CHECK_THAT(bad.error().message, ContainsSubstring("write it as kafka://HOST:PORT"));
    }
}

TEST_CASE("each broker of a Kafka URI has a valid port", "[end]") {
    CHECK(target_of("kafka://b1,[::1]:9093/t").value().connection.brokers == "b1,[::1]:9093");
    for (auto const* text :
         {"kafka://b1:99999/t", "kafka://b1:9092,b2:x/t", "kafka://b1:/t", "kafka://u:p@b1:9092/t"}) {
        auto const bad = target_of(text);
        INFO(text);
        REQUIRE(bad.has_error());
        CHECK(bad.error().code == errc::invalid_argument);
        CHECK_THAT(bad.error().message, ContainsSubstring("expected HOST:PORT"));
    }
}

TEST_CASE("a Kafka user needs SASL, and SASL a user", "[end]") {
    CHECK_THAT(target_of("kafka://b:1/t", {{"kafka-user", {"bob"}}}).error().message,
               ContainsSubstring("--kafka-security sasl_ssl"));
    CHECK_THAT(target_of("kafka://b:1/t", {{"kafka-security", {"sasl_ssl"}}}).error().message,
               ContainsSubstring("needs --kafka-user"));
    auto const good = target_of("kafka://b:1/t", {{"kafka-security", {"sasl_ssl"}}, {"kafka-user", {"bob"}}});
    REQUIRE(good.has_value());
    CHECK(good->connection.sasl_mechanism == "SCRAM-SHA-512");
    CHECK(target_of("kafka://b:1/t")->connection.sasl_mechanism.empty());
}

TEST_CASE("properties of librdkafka are split at the first equals sign", "[end]") {
    auto const target = target_of("kafka://b:1/t", {{"kafka", {"a.b=c=d", "e="}}});
    REQUIRE(target.has_value());
    CHECK(target->connection.properties == std::vector<std::pair<std::string, std::string>>{{"a.b", "c=d"}, {"e", ""}});
}

TEST_CASE("a topic of dead letters is compacted, has one partition and waits for nothing", "[end]") {
    given_options const values{kafka_end.sink_options,
                               {{"partitions", {"4"}}, {"key", {"remote_ip"}}, {"flush-interval", {"5000"}}}};
    auto request = request_of("kafka://b:1/t", values);
    auto const events = sink_options_of(request).value();
    CHECK((events.partitions == 4 && !events.letters && events.linger == std::chrono::seconds{5}));
    request.for_dead_letters = true;
    auto const letters = sink_options_of(request).value();
    CHECK((letters.partitions == 1 && letters.letters && letters.key_field.empty()));
    CHECK(letters.linger < std::chrono::seconds{1});
}

TEST_CASE("a topic of dead letters that blocks when it is full has no limit", "[end]") {
    given_options const values{kafka_end.sink_options, {{"dead-letters-full", {"block"}}}};
    auto request = request_of("kafka://b:1/t.dlq", values);
    request.for_dead_letters = true;
    CHECK(sink_options_of(request)->letters_keep.bytes_max == 0);
}

TEST_CASE("a source of Kafka uses mutual TLS where a certificate is given", "[end]") {
    given_options const values{kafka_end.source_options,
                               {{"client-certificate-file", {"/c.pem"}}, {"kafka-security", {"ssl"}}}};
    auto const made = source_options_of(request_of("kafka://b:1/t", values));
    REQUIRE(made.has_value());
    CHECK((made->connection.certificate_file == "/c.pem" && made->group == "g"));
}
