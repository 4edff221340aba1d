#include "endpoints.hpp"

#include "progress.hpp"
#include "support/catch.hpp"
#include "transfer.hpp"
#include "uri.hpp"

using namespace logpipe;
using namespace logpipe::cli;
using namespace logpipe::journal;

TEST_CASE("URIs are taken apart", "[uri]") {
    CHECK(parse_uri("-")->rest == "-");
    CHECK(parse_uri("-")->scheme == "file");
    CHECK(parse_uri("../data/x.jsonl")->scheme == "file");
    CHECK(parse_uri("C-drive/x:y")->scheme == "file");
    CHECK(parse_uri("file:/tmp/a?b")->rest == "/tmp/a?b");
    CHECK(parse_uri("forward://[::1]:24224")->rest == "[::1]:24224");
    CHECK(parse_uri("https://h/p?q=1")->whole == "https://h/p?q=1");
    auto const demo = parse_uri("demo:nginx?lines=5&seed=7");
    REQUIRE(demo.has_value());
    CHECK(demo->rest == "nginx");
    CHECK(demo->query == std::vector<std::pair<std::string, std::string>>{{"lines", "5"}, {"seed", "7"}});
    CHECK(parse_uri("demo:nginx?lines").has_error());
    auto const docker = parse_uri("docker:unix:///run/docker.sock?label=a=b&project=x");
    REQUIRE(docker.has_value());
    CHECK(docker->rest == "unix:///run/docker.sock");
    CHECK(docker->query == std::vector<std::pair<std::string, std::string>>{{"label", "a=b"}, {"project", "x"}});
    CHECK(parse_uri("docker:?project=x")->rest.empty());
    CHECK(parse_uri("").has_error());
}

TEST_CASE("a URI that names no end says which there are", "[endpoints]") {
    auto const options = settings::merge("produce", {}, {}, "");
    REQUIRE(options.has_value());
    endpoints ends{*options};
    auto const source = ends.make_source("ftp://host/file");
    REQUIRE(source.has_error());
    CHECK(source.error().code == errc::invalid_argument);
    CHECK_THAT(source.error().message,
               ContainsSubstring("\"ftp:\" is no source; there are file:, http:, https:, demo:, journal:"));
    CHECK_THAT(ends.make_sink("demo:nginx").error().message, ContainsSubstring("is no sink"));
    CHECK_THAT(ends.make_source("demo:nginx?colour=red").error().message,
               ContainsSubstring("unknown parameter \"colour\""));
    CHECK_THAT(ends.make_source("demo:nginx?lines=many").error().message, ContainsSubstring("is no number"));
    CHECK_THAT(ends.make_source("demo:apache").error().message, ContainsSubstring("the only demo is demo:nginx"));
}

TEST_CASE("exactly one source of lines is taken", "[endpoints]") {
    auto const with = [](std::map<std::string, std::vector<std::string>, std::less<>> const& flags,
                         std::string const& argument) {
        return source_uri_of(*settings::merge("produce", flags, {}, ""), argument);
    };
    CHECK(with({{"file", {"a"}}}, "").value() == "file:a");
    CHECK(with({{"demo", {"lines=1"}}}, "").value() == "demo:nginx?lines=1");
    CHECK(with({}, "-").value() == "-");
    CHECK(with({}, "").has_error());
    CHECK(with({{"file", {"a"}}, {"url", {"http://b"}}}, "").has_error());
    CHECK(source_uri_of(*settings::merge("serve", {{"demo", {"lines=1"}}}, {}, ""), "").value() ==
          "demo:nginx?lines=1");
    CHECK_THAT(source_uri_of(*settings::merge("serve", {}, {}, ""), "").value(), ContainsSubstring("nginx_json_logs"));
}

TEST_CASE("a journal's ledger counts what waits in it", "[endpoints]") {
    process_snapshot now;
    now.pumps.resize(2);
    auto& in = now.pumps[0];
    auto& out = now.pumps[1];
    in.this_run = {.in = 110, .indexed = 90, .already_there = 8, .dead = 2};
    in.book = {.counts = in.this_run, .in_flight = 10};
    out.book = {.counts = {.in = 140, .indexed = 130, .already_there = 4, .dead = 1}, .in_flight = 5};
    out.backlog = 50;
    auto const book = journal_book(now, 100);
    CHECK(book.line() == "in 210 = indexed 130 + already there 12 + dead 3 + in flight 65");
    CHECK(book.difference() == 0);
    CHECK(in.book.line() == "in 210 = indexed 190 + already there 8 + dead 2 + in flight 10");
}

TEST_CASE("the ledger of a run with a broker counts what waits on the way", "[endpoints]") {
    process_snapshot now;
    now.pumps.resize(3);
    auto& receive = now.pumps[0];
    auto& deliver = now.pumps[1];
    auto& index = now.pumps[2];
    receive.this_run = {.in = 110, .indexed = 90, .already_there = 8, .dead = 2};
    receive.book = {.counts = receive.this_run, .in_flight = 10};
    deliver.this_run = {.in = 60, .indexed = 53, .dead = 1};
    deliver.book = {.counts = deliver.this_run, .in_flight = 6};
    deliver.backlog = 30;
    index.book = {.counts = {.in = 140, .indexed = 130, .already_there = 4, .dead = 1}, .in_flight = 5};
    index.backlog = 7;
    auto const book = broker_book(now, 1000);
    CHECK(book.line() == "in 204 = indexed 130 + already there 12 + dead 4 + in flight 58");
    CHECK(book.difference() == 0);
    CHECK(receive.book.counts.in == 1110);
}

TEST_CASE("progress shows share, rate and time left where they are known", "[progress]") {
    CHECK_THAT(progress_line(500, 0.5, 100), ContainsSubstring(" 50 %  500 lines acked  100/s  5 s left"));
    CHECK(progress_line(7, -1, 3) == "7 lines acked  3/s");
}

TEST_CASE("the bar of progress is of the lines that are acked, not of those that were read", "[progress]") {
    pump_snapshot now;
    now.stages.push_back({.name = "file_source", .gauges = {{"source_size_bytes", 1000.0}}});
    auto& gauges = now.stages.front().gauges;
    gauges.emplace_back("source_read_bytes_total", 1000.0);
    now.this_run = {.in = 100};
    CHECK(share_acked(now) == 0.0);
    now.this_run.indexed = 25;
    CHECK(share_acked(now) == 0.25);
    gauges.back().second = 500.0;
    CHECK(share_acked(now) == 0.125);
    gauges = {{"source_size_lines", 200.0}};
    CHECK(share_acked(now) == 0.125);
    now.this_run.dead = 75;
    CHECK(share_acked(now) == 0.5);
    gauges.clear();
    CHECK(share_acked(now) < 0.0);
}
