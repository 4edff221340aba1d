#include "http/http.hpp"
#include "support/catch.hpp"
#include "support/http_download.hpp"

#include <thread>

using namespace logpipe;
using namespace logpipe::http;

TEST_CASE("a download that is woken all the time loses nothing", "[http_source]") {
    constexpr std::size_t lines = 200'000;
    auto const text = test::numbered(lines);
    test::http_script const server{[&](test::http_exchange& to) { to.answer("200 OK", "", text); }};
    auto const from = make_http_source(test::options_for(server.url()));
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
