#include "json_fields.hpp"
#include "level.hpp"
#include "push_request.hpp"
#include "push_response.hpp"

#include "support/catch.hpp"

using namespace logpipe;
using namespace logpipe::loki;
using namespace std::chrono_literals;

TEST_CASE("levels are found in every style", "[level]") {
    struct sample {
        std::string_view line;
        std::string_view level;
    };
    entry_reader reader;
    for (auto const& [line, level] : {
             sample{R"({"time":"x","level":"info","message":"an ERROR"})", "info"},
             sample{R"({"msg":"m","lvl":"WRN"})", "warn"},
             sample{R"({"level":50,"msg":"pino"})", "error"},
             sample{R"({"nested":{"level":"fatal"},"severity":"Notice"})", "info"},
             sample{R"({"level":"loud"})", "unknown"},
             sample{R"({"message":"no level, though it says ERROR"})", "unknown"},
             sample{R"({"level":"info)", "unknown"},
             sample{"ts=2026-11-24T21:35:31Z caller=x.go:1 level=warn msg=\"level=error\"", "warn"},
             sample{"lvl=\"eror\" msg=x", "error"},
             sample{"sublevel=error msg=x", "unknown"},
             sample{"[2026-11-24 21:35:31,128] INFO [KafkaServer id=1] started (kafka.server.KafkaServer)", "info"},
             sample{"[2026-11-24T21:35:31,128][WARN ][o.o.n.Node] [node1] low disk", "warn"},
             sample{"2026-11-24 21:35:31.128 ERROR 1 --- [main] c.e.App : failed", "error"},
             sample{"Nov 24, 2026 9:35:31 PM com.example.App main SEVERE: x", "error"},
             sample{"WARNING:root:careful", "warn"},
             sample{"MY_ERROR_CODE=5 in ERROR5", "unknown"},
             sample{"2026/11/24 21:35:31 [emerg] 1#1: host not found in upstream", "critical"},
             sample{"2026/11/24 21:35:31 [error] 29#29: *1 open() failed", "error"},
             sample{R"(10.0.0.1 - - [24/Nov/2026:21:35:31 +0000] "GET /a HTTP/1.1" 502 157 "-" "curl")", "error"},
             sample{R"(10.0.0.1 - - [24/Nov/2026:21:35:31 +0000] "GET /a HTTP/1.1" 404 157 "-" "curl")", "warn"},
             sample{R"(10.0.0.1 - - [24/Nov/2026:21:35:31 +0000] "GET /ERROR HTTP/2.0" 200 157 "-" "curl")", "info"},
             sample{R"("GET / HTTP/1.1" 5000)", "unknown"},
             // The format decides before words do.
             sample{R"(10.0.0.1 - - [24/Nov/2026:21:35:31 +0000] "GET /[error] HTTP/1.1" 200 157 "-" "curl")", "info"},
             sample{R"(10.0.0.1 - - [24/Nov/2026:21:35:31 +0000] "GET /? level=error HTTP/1.1" 304 0 "-" "-")", "info"},
             sample{R"(INFO:     127.0.0.1:52000 - "GET /ERROR HTTP/1.1" 404 Not Found)", "warn"},
             sample{R"(ERROR "GET /error HTTP/1.1" 200)", "info"},
             sample{R"(10.0.0.1 - - [24/Nov/2026:21:35:31 +0000] "GET /a HTTP/1.1 b HTTP/1.1" 500 0)", "error"},
             sample{R"(10.0.0.1 - FATAL [24/Nov/2026:21:35:31 +0000] "\x16\x03\x01 \"ERROR\"" 400 157 "-" "-")",
                    "warn"},
             sample{R"(10.0.0.1 - - [24/Nov/2026:21:35:31 +0000] "-" 408 -)", "warn"},
             sample{R"(level=error msg="upstream said \"GET / HTTP/1.1\" 200 5")", "error"},
             sample{R"(level=warn msg="GET / HTTP/1.1" 200 took=5s)", "warn"},
             sample{R"(msg="set level=error now" level=info)", "info"},
             sample{R"(msg="never closed level=warn)", "warn"},
             sample{R"(2026/11/24 21:35:31 [error] 29#29: *1 failed, request: "GET /a HTTP/1.1", host: "x")", "error"},
             sample{R"({"message":"ERROR [error] level=error","time":"x","level":"info"})", "info"},
             sample{R"(  {"request":"\"GET / HTTP/1.1\" 500 0","level":"debug"})", "debug"},
             sample{R"({"log":{"logger":"ERROR","level":"warning"},"message":"x"})", "warn"},
             sample{R"({"a":{"b":{"c":{"level":"error"}}}})", "error"},
             sample{R"({"a":{"b":{"c":{"d":{"level":"error"}}}}})", "unknown"},
             sample{R"({"level":{"value":"x","severity":"crit"}})", "critical"},
             sample{R"({"time":"x", "level" : "info", "message":"a long one with an ERROR, cut)", "info"},
             sample{R"({"message":"an ERROR, cut)", "unknown"},
             sample{"{not JSON} ERROR", "error"},
             sample{"{\"level\":5,\"severity\":\"error\"}", "error"},
             // Colours.
             sample{"\x1b[32mINFO\x1b[0m ready", "info"},
             sample{"\x1b[2m2026-11-24T21:35:31Z\x1b[0m \x1b[33m WARN\x1b[0m tower: ERROR", "warn"},
             sample{"\x1b[38;5;196mlevel\x1b[0m=\x1b[1merror\x1b[m msg=x", "error"},
             sample{"\x1b[31m[error]\x1b[39m it broke", "error"},
             sample{"\x1b[90m{\"level\":\"warn\"}\x1b[0m", "warn"},
             sample{"\x1b", "unknown"},
             sample{"\x1b[", "unknown"},
             sample{"\x1b[1", "unknown"},
             sample{"panic: runtime error", "unknown"},
             sample{"", "unknown"},
             sample{"hello", "unknown"},
         }) {
        INFO(line);
        CHECK(reader.read(line, "t").level == level);
    }
}

TEST_CASE("the line itself keeps its colours", "[level]") {
    entry_reader reader;
    std::string_view const line = "\x1b[31mERROR\x1b[0m x";
    auto const entry = reader.read(line, "t");
    CHECK(entry.line == line);
    CHECK(entry.level == "error");
}

TEST_CASE("a record of docker_source gives its fields, anything else is the line", "[json_fields]") {
    entry_reader reader;
    auto const entry = reader.read(
        R"({"service":"web","container":"w1","container_id":"ab","stream":"stderr","line":"a \"b\"\nlevel=debug"})",
        "tag");
    CHECK(entry.service == "web");
    CHECK(entry.container == "w1");
    CHECK(entry.container_id == "ab");
    CHECK(entry.stream == "stderr");
    CHECK(entry.line == "a \"b\"\nlevel=debug");
    for (std::string_view const other :
         {R"({"service":"web","line":"x"})",
          R"({"service":1,"container":"w1","container_id":"ab","stream":"s","line":""})",
          R"({"service":"web","container":"w1","container_id":"ab","stream":"s","line":"","more":1})", "{", "plain"}) {
        auto const whole = reader.read(other, "tag");
        CHECK(whole.service == "tag");
        CHECK(whole.line == other);
        CHECK(whole.container.empty());
    }
    CHECK(reader.read("\xff", "tag").line == "\xef\xbf\xbd");
}

TEST_CASE("a request groups lines by stream, in their order", "[push_request]") {
    stream_table streams{10};
    push_request request{streams, true};
    log_entry entry{
        .service = "web", .container = "w1", .container_id = "ab", .stream = "stdout", .line = "1", .level = "info"};
    steady_time const now{};
    CHECK(request.add(entry, 10, now));
    auto other = entry;
    other.stream = "stderr";
    CHECK(request.add(other, 11, now));
    entry.line = "\"2\"";
    CHECK(request.add(entry, 9, now));
    CHECK(request.finish() ==
          R"({"streams":[{"stream":{"service":"web","container":"w1","stream":"stdout","level":"info","topic":"web"},)"
          R"("values":[["10","1",{"container_id":"ab"}],["9","\"2\"",{"container_id":"ab"}]]},)"
          R"({"stream":{"service":"web","container":"w1","stream":"stderr","level":"info","topic":"web"},)"
          R"("values":[["11","1",{"container_id":"ab"}]]}]})");
    CHECK(request.empty());
    push_request plain{streams, false};
    CHECK(plain.add({.service = "t", .container = {}, .container_id = {}, .stream = {}, .line = "x", .level = "info"},
                    1, now));
    CHECK(plain.finish() ==
          R"({"streams":[{"stream":{"service":"t","level":"info","topic":"t"},"values":[["1","x"]]}]})");
}

TEST_CASE("streams beyond the limit share one, and keep their names with each line", "[push_request]") {
    stream_table streams{1};
    push_request request{streams, true};
    auto const entry = [](std::string_view service) {
        return log_entry{.service = service,
                         .container = "c",
                         .container_id = "ab",
                         .stream = "stdout",
                         .line = "x",
                         .level = "info"};
    };
    auto const now = steady_time{} + 24h;
    CHECK(request.add(entry("first"), 1, now));
    CHECK_FALSE(request.add(entry("second"), 2, now));
    CHECK_FALSE(request.add(entry("third"), 3, now));
    auto const body = request.finish();
    CHECK_THAT(body, ContainsSubstring(R"({"service":"other","container":"other","level":"info","topic":"other"})"));
    CHECK_THAT(body, ContainsSubstring(R"(["3","x",{"container_id":"ab","service_is":"third","container_is":"c"}])"));
    CHECK(streams.count() == 1);
    // The first is silent for long enough: its slot is free.
    CHECK(request.add(entry("second"), 4, now + stream_table::idle));
    CHECK_FALSE(request.add(entry("first"), 5, now + stream_table::idle));
}

TEST_CASE("each response of Loki has its meaning", "[push_response]") {
    CHECK(outcome_of(204) == push_outcome::taken);
    CHECK(outcome_of(400) == push_outcome::rejected);
    CHECK(outcome_of(413) == push_outcome::too_large);
    CHECK(outcome_of(429) == push_outcome::throttled);
    for (auto const status : {500U, 502U, 503U, 504U}) CHECK(outcome_of(status) == push_outcome::retry);
    for (auto const status : {301U, 404U, 405U}) CHECK(outcome_of(status) == push_outcome::paused);
    for (auto const status : {401U, 403U}) CHECK(outcome_of(status) == push_outcome::unauthorized);
}

TEST_CASE("a limit of the tenant is known from one of a stream", "[push_response]") {
    CHECK(is_of_all_streams("ingestion rate limit exceeded for user fake (limit: 1 bytes/sec) while attempting to …"));
    CHECK(is_of_all_streams("Ingestion rate limit exceeded for user fake (limit: 1 bytes/sec) while attempting to …"));
    CHECK(is_of_all_streams("ingestion blocked for user 'fake' until '2026-11-24' with status code '429'"));
    CHECK_FALSE(is_of_all_streams("entry with timestamp x ignored, reason: 'Per stream rate limit exceeded (limit: …"));
    CHECK_FALSE(is_of_all_streams("maximum active stream limit exceeded when trying to create stream {a=\"b\"}, …"));
    CHECK_FALSE(is_of_all_streams(""));
}

TEST_CASE("what Loki rejects is counted by reason", "[push_response]") {
    auto const lagging = read_rejection(
        "entry with timestamp 2026-11-24 20:00:00 +0000 UTC ignored, reason: 'entry too far behind, entry timestamp "
        "is: x',\n"
        "user 'fake', total ignored: 3 out of 5 for stream: {a=\"b\"}\nuser 'fake', total ignored: 2 out of 2 for "
        "stream: {}");
    CHECK(lagging.reason == drop_reason::too_far_behind);
    CHECK(lagging.lines == 5);
    CHECK(read_rejection("reason: 'entry out of order'").reason == drop_reason::too_far_behind);
    CHECK(read_rejection("entry for stream '{}' has timestamp too old: x, oldest acceptable timestamp is: y").reason ==
          drop_reason::too_old);
    CHECK(read_rejection("entry for stream '{}' has timestamp too new: x").reason == drop_reason::too_new);
    CHECK(read_rejection("max entry size '262144' bytes exceeded for stream").reason == drop_reason::line_too_long);
    CHECK(read_rejection("maximum active stream limit exceeded when trying").reason == drop_reason::stream_limit);
    CHECK(read_rejection("").reason == drop_reason::other);
    CHECK(read_rejection("").lines == 1);
}
