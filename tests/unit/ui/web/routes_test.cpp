#include "routes.hpp"

#include "status/process.hpp"
#include "support/catch.hpp"
#include "support/prometheus.hpp"
#include "support/snapshots.hpp"

using namespace logpipe;
using namespace logpipe::status;
using namespace logpipe::web;

namespace {

web_options options_for(process_snapshot const& process) {
    web_options options;
    options.snapshot = [process] { return process; };
    return options;
}

web_response get(std::string_view target, web_options const& options) {
    return find_route({.method = "GET", .target = target}, options, request_guard{{.loopback = true}}).response;
}

}  // namespace

TEST_CASE("healthz responds while the process works, without looking at it", "[routes]") {
    web_options options;
    options.snapshot = []() -> process_snapshot { throw std::runtime_error{"not to be called"}; };
    auto const response = get("/healthz", options);
    REQUIRE(response.status == 200);
    REQUIRE(response.body == "ok\n");
}

TEST_CASE("readyz says for each stage that is down why", "[routes]") {
    auto process = sample_snapshot();
    auto const down = get("/readyz", options_for(process));
    REQUIRE(down.status == 503);
    REQUIRE(down.content_type == "text/plain; charset=utf-8");
    REQUIRE(down.body == "sqlite_sink of index: the disk is full. Free some space under /var/lib/logpipe.\n");

    process.pumps.at(1).stages.at(2).up = true;
    auto const up = get("/readyz", options_for(process));
    REQUIRE(up.status == 200);
    REQUIRE(up.body == "ready\n");
}

TEST_CASE("readyz warns of dead letters that were dropped, and stays ready", "[routes]") {
    auto process = sample_snapshot();
    process.pumps.at(1).stages.at(2).up = true;
    process.letters = stage_status{
        .name = "dead_letters", .up = true, .reason = "the oldest 4 were dropped", .retries = 0, .metrics = {}};
    auto const ready = get("/readyz", options_for(process));
    REQUIRE(ready.status == 200);
    REQUIRE(ready.body == "ready\ndead_letters: the oldest 4 were dropped\n");
}

TEST_CASE("readyz refuses before the process is ready and while it drains", "[routes]") {
    process_snapshot process;
    REQUIRE(get("/readyz", options_for(process)).status == 503);
    REQUIRE(get("/readyz", options_for(process)).body == "not ready yet\n");
    process.ready = true;
    REQUIRE(get("/readyz", options_for(process)).status == 200);
    process.draining = true;
    REQUIRE(get("/readyz", options_for(process)).status == 503);
    REQUIRE_THAT(get("/readyz", options_for(process)).body, ContainsSubstring("draining"));
}

TEST_CASE("metrics and status are made from the same snapshot", "[routes]") {
    auto const options = options_for(sample_snapshot());
    auto const metrics = get("/metrics", options);
    REQUIRE(metrics.content_type == "text/plain; version=0.0.4; charset=utf-8");
    prometheus_text const text{metrics.body};
    REQUIRE(text.problem().empty());
    REQUIRE(text.value(R"(logpipe_ledger_events{term="in"})") == "100");

    auto const status = get("/api/status", options);
    REQUIRE(status.content_type == "application/json");
    auto const process = parse_process_snapshot(status.body);
    REQUIRE(process.has_value());
    REQUIRE(process->pid == 4711);
}

TEST_CASE("a query and a whole URL find the same page", "[routes]") {
    auto const options = options_for({});
    REQUIRE(get("/healthz?full=1", options).status == 200);
    REQUIRE(get("http://localhost:8000/healthz", options).status == 200);
    REQUIRE(get("http://localhost:8000", options).status == 404);
}

TEST_CASE("what is not page is a 404 that names the pages", "[routes]") {
    auto options = options_for({});
    for (auto const* target : {"/", "", "*", "/metrics/", "/../etc/passwd", "/%2e%2e/etc/passwd", "/healthz/../metrics",
                               "/%ff\xff", "//healthz", "/produceEventsToPipeline"}) {
        auto const response = get(target, options);
        REQUIRE(response.status == 404);
        REQUIRE(response.content_type == "application/problem+json");
        REQUIRE_THAT(response.body, ContainsSubstring("/metrics"));
    }
    options.produce = [](produce_request const&) { return produce_response{}; };
    REQUIRE_THAT(get("/", options).body, ContainsSubstring("/produceEventsToPipeline"));
}

TEST_CASE("the produce page takes GET and POST and only those, for even a HEAD would start a run", "[routes]") {
    web_options options;
    options.produce = [](produce_request const&) { return produce_response{}; };
    REQUIRE(
        find_route({.method = "GET", .target = "/produceEventsToPipeline"}, options, request_guard{{.loopback = true}})
            .produce);
    REQUIRE(
        find_route({.method = "POST", .target = "/produceEventsToPipeline"}, options, request_guard{{.loopback = true}})
            .produce);
    for (auto const* method : {"HEAD", "PUT", "DELETE", "OPTIONS"}) {
        auto const route = find_route({.method = method, .target = "/produceEventsToPipeline"}, options,
                                      request_guard{{.loopback = true}});
        REQUIRE_FALSE(route.produce);
        REQUIRE(route.response.status == 405);
        REQUIRE(route.response.allow == "GET, POST");
    }
}

TEST_CASE("a produce that failed is a problem that also has the fields of one that went well", "[routes]") {
    auto const good = produce_page({.status = 200, .message = "sent \"all\"", .events = 51'462});
    REQUIRE(good.status == 200);
    REQUIRE(good.content_type == "application/json");
    REQUIRE(good.body == "{\"message\":\"sent \\\"all\\\"\",\"status\":\"success\",\"events\":51462}\n");

    auto const bad = produce_page({.status = 502, .message = "http://x answers 404 \xff", .events = 3});
    REQUIRE(bad.status == 502);
    REQUIRE(bad.content_type == "application/problem+json");
    REQUIRE(bad.body ==
            "{\"type\":\"about:blank\",\"title\":\"Bad Gateway\",\"status\":502,\"detail\":\"http://x answers 404 ?\","
            "\"message\":\"http://x answers 404 ?\",\"events\":3}\n");
}
