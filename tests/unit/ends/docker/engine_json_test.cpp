#include "engine_json.hpp"
#include "feedback.hpp"
#include "line_record.hpp"

#include "support/catch.hpp"

using namespace logpipe;
using namespace logpipe::docker;
using namespace std::chrono_literals;

TEST_CASE("containers are read from the engine's responses", "[engine_json]") {
    CHECK(parse_container_list(R"([{"Id":"ab12","Names":["/x"]},{"Id":"cd"}])").value() ==
          std::vector<std::string>{"ab12", "cd"});
    CHECK(parse_container_list("[]").value().empty());
    auto const info = parse_container(R"({"Id":"ab12","Name":"/logpipe_kafka_1",
        "State":{"Running":true,"Restarting":true,"StartedAt":"2026-11-24T21:35:31.5Z"},"Config":{"Tty":true,"Image":"apache/kafka:3.9.1","Labels":{"com.docker.compose.service":"kafka"}}})");
    REQUIRE(info.has_value());
    CHECK(info->name == "logpipe_kafka_1");
    CHECK(info->service == "kafka");
    CHECK(info->image == "apache/kafka:3.9.1");
    CHECK(info->terminal);
    CHECK(info->running);
    CHECK(info->restarting);
    CHECK(info->started_at == "2026-11-24T21:35:31.5Z");
    auto const plain = parse_container(R"({"Id":"ab12","Name":"/web","State":{},"Config":{"Labels":null}})");
    REQUIRE(plain.has_value());
    CHECK(plain->service == "web");
    CHECK_FALSE(plain->terminal);
    CHECK_FALSE(plain->running);
}

TEST_CASE("a response that is not the engine's is an error, also an id that would change a path", "[engine_json]") {
    CHECK(parse_container_list(R"({"message":"no"})").error().code == errc::protocol);
    CHECK(parse_container_list(R"([{"Names":[]}])").error().code == errc::protocol);
    CHECK(parse_container_list(R"([{"Id":"../../images"}])").error().code == errc::protocol);
    CHECK(parse_container("[").error().code == errc::protocol);
    CHECK(parse_container(R"({"Id":"ab"})").error().code == errc::protocol);
    CHECK(parse_engine_event("{}").error().code == errc::protocol);
    CHECK(parse_engine_event(R"({"Action":"start","Actor":{"ID":"ab12"}})").value().id == "ab12");
    CHECK(parse_engine_message(R"({"message":"configured logging driver does not support reading"})") ==
          "configured logging driver does not support reading");
    CHECK(parse_engine_message("<html>\x1b[1m") == "<html> [1m");
}

TEST_CASE("filters are JSON, percent-encoded", "[engine_json]") {
    std::vector<std::string> const labels{"com.docker.compose.project=a b"};
    CHECK(list_filters(labels) == "%7B%22label%22%3A%5B%22com.docker.compose.project%3Da%20b%22%5D%7D");
    CHECK(list_filters({}) == "%7B%7D");
    CHECK_THAT(event_filters({}), ContainsSubstring("%22start%22%2C%22destroy%22"));
}

TEST_CASE("the record names where a line comes from, and is always JSON", "[line_record]") {
    line_record record{{.id = "ab12", .name = "web\"1", .service = "web", .image = {}}};
    CHECK(record.of({.stream = log_stream::err, .time_ns = 1, .text = "a \"line\"\t\xff\xc3\xa4"}) ==
          R"({"service":"web","container":"web\"1","container_id":"ab12","stream":"stderr","line":"a \"line\"\t)"
          "\xef\xbf\xbd\xc3\xa4\"}");
    CHECK_THAT(std::string{record.of({.stream = log_stream::out, .time_ns = 1, .text = ""})},
               ContainsSubstring(R"("stream":"stdout","line":"")"));
}

TEST_CASE("a bounded rate lets a second's lines through at once, then as many as come due", "[feedback]") {
    auto const start = steady_time{} + 1h;
    line_allowance allowance{100, start};
    allowance.spend(100, start);
    CHECK(allowance.wait(start) == 0ms);
    allowance.spend(50, start);
    CHECK(allowance.wait(start) >= 500ms);
    CHECK(allowance.wait(start + 250ms) >= 250ms);
    CHECK(allowance.wait(start + 501ms) == 0ms);
    // A long silence saves up no more than one second.
    allowance.spend(200, start + 1h);
    CHECK(allowance.wait(start + 1h) >= 1000ms);
}

TEST_CASE("the own container is found by what the engine binds into it", "[feedback]") {
    std::string const id(64, 'a');
    CHECK(container_id_in("711 698 254:1 /var/lib/docker/containers/" + id + "/hostname /etc/hostname rw\n") == id);
    CHECK(container_id_in("711 698 254:1 /home/containers/me/hostname / rw\n").empty());
    CHECK(container_id_in("/containers/").empty());
    CHECK(is_loki_image("grafana/loki:3.5.1"));
    CHECK(is_loki_image("registry.example:5000/loki@sha256:ab"));
    CHECK_FALSE(is_loki_image("grafana/loki-canary:3"));
    CHECK_FALSE(is_loki_image(""));
}
