#include "logpipe/lines.hpp"
#include "support/catch.hpp"
#include "support/http_script.hpp"
#include "support/source_reading.hpp"

#include <thread>

using namespace logpipe;
using namespace std::chrono_literals;

TEST_CASE("a download that is woken all the time loses nothing", "[http_source]") {
    constexpr std::size_t lines = 200'000;
    std::string text;
    for (std::size_t i = 0; i < lines; ++i) text += "{\"number\": " + std::to_string(i) + "}\n";
    test::http_script const server{[&](test::http_exchange& to) { to.answer("200 OK", "", text); }};
    auto const from = make_http_source({.url = server.url(), .connect_timeout = 20s, .idle_timeout = 20s});
    REQUIRE(from->open());
    std::jthread const waker{[&](std::stop_token const& stop) {
        while (!stop.stop_requested()) from->wake();
    }};
    auto const got = test::read_all(*from);
    REQUIRE(!got.failure);
    REQUIRE(from->status().retries == 0);
    REQUIRE(got.records.size() == lines);
    REQUIRE(got.records.back() == "{\"number\": 199999}");
}
