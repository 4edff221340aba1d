#include "stage_options.hpp"
#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

using namespace logpipe;
using namespace logpipe::cli;
using namespace logpipe::test;

namespace {

using flag_values = std::map<std::string, std::vector<std::string>, std::less<>>;

settings merged(flag_values const& flags, std::string const& subcommand = "consume") {
    return settings::merge(subcommand, flags, {}, "").value();
}

end_uri uri_of(std::string const& text) {
    return parse_uri(text).value();
}

}  // namespace

TEST_CASE("a Kafka URI names brokers and a topic", "[servers]") {
    auto const place = kafka_place_of(merged({}), uri_of("kafka://b1:9092,b2:9092/nginx-logs"));
    REQUIRE(place.has_value());
    CHECK(place->connection.brokers == "b1:9092,b2:9092");
    CHECK(place->connection.client_id == "logpipe");
    CHECK(place->topic == "nginx-logs");
    for (auto const* text : {"kafka://b1:9092", "kafka://b1:9092/", "kafka:///topic", "kafka://b1:9092/a/b"}) {
        auto const bad = kafka_place_of(merged({}), uri_of(text));
        INFO(text);
        REQUIRE(bad.has_error());
        CHECK(bad.error().code == errc::invalid_argument);
        CHECK_THAT(bad.error().message, ContainsSubstring("write it as kafka://HOST:PORT"));
    }
}

TEST_CASE("each broker of a Kafka URI has a port that there can be", "[servers]") {
    CHECK(kafka_place_of(merged({}), uri_of("kafka://b1,[::1]:9093/t")).value().connection.brokers == "b1,[::1]:9093");
    for (auto const* text :
         {"kafka://b1:99999/t", "kafka://b1:9092,b2:x/t", "kafka://b1:/t", "kafka://u:p@b1:9092/t"}) {
        auto const bad = kafka_place_of(merged({}), uri_of(text));
        INFO(text);
        REQUIRE(bad.has_error());
        CHECK(bad.error().code == errc::invalid_argument);
        CHECK_THAT(bad.error().message, ContainsSubstring("is no HOST:PORT"));
    }
}

TEST_CASE("a Kafka user needs SASL, and SASL a user", "[servers]") {
    auto const uri = uri_of("kafka://b:1/t");
    CHECK_THAT(kafka_place_of(merged({{"kafka-user", {"bob"}}}), uri).error().message,
               ContainsSubstring("--kafka-security sasl_ssl"));
    CHECK_THAT(kafka_place_of(merged({{"kafka-security", {"sasl_ssl"}}}), uri).error().message,
               ContainsSubstring("needs --kafka-user"));
    auto const good = kafka_place_of(merged({{"kafka-security", {"sasl_ssl"}}, {"kafka-user", {"bob"}}}), uri);
    REQUIRE(good.has_value());
    CHECK(good->connection.sasl_mechanism == "SCRAM-SHA-512");
}

TEST_CASE("properties of librdkafka are taken apart at the first equals sign", "[servers]") {
    auto const uri = uri_of("kafka://b:1/t");
    auto const place = kafka_place_of(merged({{"kafka", {"a.b=c=d", "e="}}}), uri);
    REQUIRE(place.has_value());
    CHECK(place->connection.properties == std::vector<std::pair<std::string, std::string>>{{"a.b", "c=d"}, {"e", ""}});
    CHECK_THAT(kafka_place_of(merged({{"kafka", {"nonsense"}}}), uri).error().message,
               ContainsSubstring("write it as KEY=VALUE"));
}

TEST_CASE("numbers for Kafka are refused outside of what it takes", "[servers]") {
    auto const uri = uri_of("kafka://b:1/t");
    for (auto const& [name, value] : std::vector<std::pair<std::string, std::string>>{
             {"partitions", "0"}, {"replication", "40000"}, {"flush-threads", "6"}}) {
        auto const made = kafka_sink_options_of(merged({{name, {value}}}), uri, false);
        INFO(name);
        REQUIRE(made.has_error());
        CHECK(made.error().code == errc::invalid_argument);
        CHECK_THAT(made.error().message, ContainsSubstring("--" + name));
    }
}

TEST_CASE("a topic of dead letters is compacted, has one partition and waits for nothing", "[servers]") {
    auto const options = merged({{"partitions", {"4"}}, {"key", {"remote_ip"}}, {"flush-interval", {"5s"}}});
    auto const events = kafka_sink_options_of(options, uri_of("kafka://b:1/t"), false).value();
    CHECK((events.partitions == 4 && !events.letters && events.linger == std::chrono::seconds{5}));
    auto const letters = kafka_sink_options_of(options, uri_of("kafka://b:1/t.dlq"), true).value();
    CHECK((letters.partitions == 1 && letters.letters && letters.key_field.empty()));
    CHECK(letters.linger < std::chrono::seconds{1});
}

TEST_CASE("an OpenSearch URI names address, index and whether it is TLS", "[servers]") {
    auto const plain = opensearch_place_of(merged({}), uri_of("opensearch://h:9200/nginx-logs")).value();
    CHECK((plain.connection.address == "h:9200" && plain.index == "nginx-logs" && !plain.connection.tls));
    CHECK(opensearch_place_of(merged({}), uri_of("opensearchs://h:9200/i")).value().connection.tls);
    CHECK_THAT(opensearch_place_of(merged({}), uri_of("opensearchs://h:9200")).error().message,
               ContainsSubstring("write it as opensearchs://HOST:PORT/INDEX"));
}

TEST_CASE("an index has a name that OpenSearch takes", "[servers]") {
    for (auto const* name : {"nginx-logs", "a_b.c+1", "caf\xc3\xa9"})
        CHECK(opensearch_place_of(merged({}), uri_of(std::string{"opensearch://h/"} + name)).has_value());
    for (auto const* name : {"Nginx", "a*", "a,b", "a b", "-a", "_all", "a:b", "a#b"}) {
        INFO(name);
        auto const bad = opensearch_place_of(merged({}), uri_of(std::string{"opensearch://h/"} + name));
        REQUIRE(bad.has_error());
        CHECK(bad.error().code == errc::invalid_argument);
        CHECK_THAT(bad.error().message, ContainsSubstring("is no name for an index"));
    }
}

TEST_CASE("an OpenSearch that could never answer or take a document is refused", "[servers]") {
    for (auto const& [name, value] : std::vector<std::pair<std::string, std::string>>{
             {"request-timeout", "0"}, {"connect-timeout", "0"}, {"bulk-bytes-max", "0"}, {"bulk-events-max", "0"}}) {
        auto const made = opensearch_sink_options_of(merged({{name, {value}}}), uri_of("opensearch://h/i"));
        INFO(name);
        REQUIRE(made.has_error());
        CHECK(made.error().code == errc::invalid_argument);
        CHECK_THAT(made.error().message, ContainsSubstring("--" + name));
    }
}

TEST_CASE("credentials of OpenSearch are whole and of one kind", "[servers]") {
    scratch_folder const folder;
    auto const file = folder.write("secret", "s3cret\n");
    auto const uri = uri_of("opensearch://h:9200/i");
    auto const user =
        opensearch_place_of(merged({{"opensearch-user", {"admin"}}, {"opensearch-password-file", {file}}}), uri);
    CHECK(user.value().connection.password == "s3cret");
    CHECK(opensearch_place_of(merged({{"api-key-file", {file}}}), uri).value().connection.api_key == "s3cret");
    CHECK(opensearch_place_of(merged({{"opensearch-user", {"admin"}}}), uri).has_error());
    CHECK(opensearch_place_of(
              merged({{"opensearch-user", {"admin"}}, {"opensearch-password-file", {file}}, {"api-key-file", {file}}}),
              uri)
              .has_error());
}
