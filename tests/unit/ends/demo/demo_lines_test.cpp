#include "demo_lines.hpp"

#include "core/crc32c.hpp"
#include "demo/demo.hpp"
#include "lines/lines.hpp"
#include "support/catch.hpp"
#include "support/source_reading.hpp"

#include <cmath>
#include <limits>
#include <map>
#include <thread>

using namespace logpipe;
using namespace logpipe::demo;
using namespace logpipe::lines;
using namespace std::chrono_literals;

namespace {

std::string demo_text(std::uint64_t seed, std::size_t count, bool serial = false) {
    std::string text;
    demo_lines{{.seed = seed, .serial = serial}}.append(count, text);
    return text;
}

/// What follows `key` up to the next comma or brace.
std::string value_of(std::string_view line, std::string_view key) {
    auto const begin = line.find(key) + key.size();
    return std::string{line.substr(begin, line.find_first_of(",}", begin) - begin)};
}

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        auto const end = text.find('\n');
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(end + 1);
    }
    return lines;
}

}  // namespace

TEST_CASE("the same seed makes the same lines, on every machine", "[demo]") {
    auto const text = demo_text(1, 10'000);
    REQUIRE(demo_text(1, 10'000) == text);
    REQUIRE(demo_text(2, 10'000) != text);
    // These bytes are a promise: a changed table or generator changes what `seed=1` means.
    auto const first = text.substr(0, text.find('\n'));
    REQUIRE(first.starts_with(
        R"({"time": "17/May/2015:08:05:05 +0000", "remote_ip": "76.55.116.58", "remote_user": "-", )"));
    REQUIRE(first.contains(R"("request": "GET /downloads/product_2 HTTP/1.1", "response": 404, "bytes": 337, )"));
    REQUIRE(first.ends_with("\"referrer\": \"-\", \"agent\": \"Debian APT-HTTP/1.3 (0.8.16~exp12ubuntu10.22)\"}"));
    REQUIRE(crc32c(text) == 0xcf67bcfd);
}

TEST_CASE("lines made in parts are the lines made at once", "[demo]") {
    demo_lines lines{{.seed = 5, .serial = true}};
    std::string text;
    for (std::size_t part = 0; part < 50; ++part) lines.append(part, text);
    REQUIRE(text == demo_text(5, 49 * 25, true));
}

TEST_CASE("demo lines have about the shares of the real log", "[demo]") {
    constexpr std::size_t count = 100'000;
    std::map<std::string, double> responses, requests;
    double sizes = 0;
    for (auto const& line : lines_of(demo_text(3, count))) {
        REQUIRE(line.starts_with(R"({"time": ")"));
        REQUIRE(line.ends_with("\"}"));
        responses[value_of(line, R"("response": )")] += 1.0 / count;
        requests[value_of(line, R"("request": )")] += 1.0 / count;
        sizes += std::stod(value_of(line, R"("bytes": )")) > 1'000'000 ? 1.0 / count : 0.0;
    }
    REQUIRE(responses.size() == 5);
    REQUIRE(std::abs(responses["404"] - 0.664) < 0.01);
    REQUIRE(std::abs(responses["304"] - 0.260) < 0.01);
    REQUIRE(std::abs(responses["200"] - 0.072) < 0.005);
    REQUIRE(std::abs(requests[R"("GET /downloads/product_1 HTTP/1.1")"] - 0.55) < 0.03);
    REQUIRE(std::abs(requests[R"("GET /downloads/product_2 HTTP/1.1")"] - 0.44) < 0.03);
    REQUIRE(std::abs(sizes - 0.0085) < 0.003);
}

TEST_CASE("a serial is a running last key", "[demo]") {
    auto const lines = lines_of(demo_text(1, 1'000, true));
    auto const plain = lines_of(demo_text(1, 1'000));
    for (std::size_t i = 0; i < lines.size(); ++i) {
        auto expected = plain[i];
        expected.insert(expected.size() - 1, ", \"serial\": " + std::to_string(i + 1));
        REQUIRE(lines[i] == expected);
    }
}

TEST_CASE("the demo source gives exactly its lines and repeats its ids", "[demo]") {
    demo_options const options{.lines_max = 51'462, .seed = 9, .lines = {.run_id = "run"}};
    auto const first = make_demo_source(options);
    REQUIRE(first->open());
    auto const got = test::read_all(*first);
    REQUIRE(!got.failure);
    REQUIRE(got.records == lines_of(demo_text(9, 51'462)));
    auto const second = make_demo_source(options);
    REQUIRE(second->open());
    REQUIRE(second->identity() == first->identity());
    REQUIRE(test::read_all(*second).ids == got.ids);
}

TEST_CASE("the demo source without an end goes on until it is stopped", "[demo]") {
    auto const from = make_demo_source({});
    REQUIRE(from->open());
    batch into;
    for (int i = 0; i < 20; ++i) {
        into.clear();
        REQUIRE(from->read(into, steady_time::max()));
        REQUIRE(into.events.size() > 1'000);
    }
    from->stop();
    into.clear();
    REQUIRE(from->read(into, steady_time::max()).error().code == errc::end_of_input);
}

TEST_CASE("a rate slows the demo source down, in small chunks that are known by count", "[demo]") {
    auto const from = make_demo_source({.lines_max = 30, .lines_per_second_max = 100, .lines = {.run_id = "run"}});
    REQUIRE(from->open());
    auto const start = std::chrono::steady_clock::now();
    auto const got = test::read_all(*from);
    auto const took = std::chrono::steady_clock::now() - start;
    REQUIRE(got.batch_events == std::vector<std::size_t>{10, 10, 10});
    REQUIRE(took >= 200ms);  // the first chunk comes at once
}

TEST_CASE("waiting for its turn the demo source keeps to `until` and can be woken", "[demo]") {
    auto const from = make_demo_source({.lines_per_second_max = 0.001});
    REQUIRE(from->open());
    batch into;
    REQUIRE(from->read(into, steady_time::max()));
    REQUIRE(into.events.size() == 1);
    into.clear();
    REQUIRE(from->read(into, std::chrono::steady_clock::now() + 1ms));
    REQUIRE(into.empty());
    std::jthread const other{[&] { from->wake(); }};
    REQUIRE(from->read(into, steady_time::max()));
    REQUIRE(into.empty());
}

TEST_CASE("an invalid rate is rejected", "[demo]") {
    for (double const rate : {-1.0, 1e300, std::numeric_limits<double>::quiet_NaN()})
        REQUIRE(make_demo_source({.lines_per_second_max = rate})->open().error().code == errc::invalid_argument);
}
