#include "http/http.hpp"
#include "support/catch.hpp"
#include "support/http_download.hpp"
#include "support/scratch_folder.hpp"

#include <atomic>
#include <chrono>

using namespace logpipe;
using namespace std::chrono_literals;
using test::download;
using test::http_exchange;
using test::http_script;
using test::options_for;

namespace {

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a server is shown what the options say, and another one to which it redirects is not", "[http_source]") {
    test::scratch_folder const folder;
    http_script const other{[](http_exchange& to) { to.answer("200 OK", "", "line\n"); }};
    http_script const server{[&](http_exchange& to) {
        if (to.target() == "/here") return to.answer("302 Found", "Location: /there\r\n", "");
        to.answer("302 Found", "Location: " + other.url() + "\r\n", "");
    }};
    auto options = options_for(server.url("/here"));
    options.username = "nginx";
    options.password = "secret";
    options.header_file = folder.write("fields", "# for the gateway\n\nX-Api-Key:  12:34 \r\nX-Empty:\n");
    REQUIRE(download(options).records == texts{"line"});
    REQUIRE(server.requests().size() == 2);
    for (auto const& request : server.requests()) {
        CHECK_THAT(request, ContainsSubstring("\r\nAuthorization: Basic bmdpbng6c2VjcmV0\r\n"));
        CHECK_THAT(request, ContainsSubstring("\r\nX-Api-Key: 12:34\r\n"));
    }
    CHECK_THAT(other.requests().at(0), !ContainsSubstring("Authorization") && !ContainsSubstring("X-Api-Key"));
    options.username = options.password = {};
    options.token = "abc";
    REQUIRE(download(options).records == texts{"line"});
    CHECK_THAT(server.requests().back(), ContainsSubstring("\r\nAuthorization: Bearer abc\r\n"));
    options.header_file = folder.write("bad", "X-Api-Key 1234\n");
    CHECK_THAT(download(options).failure->message, ContainsSubstring("\"Name: value\"") && !ContainsSubstring("1234"));
}

TEST_CASE("a busy server that says when to come again is asked again then, and not for ever", "[http_source]") {
    std::atomic<int> round{0};
    http_script const server{[&](http_exchange& to) {
        if (round++ < 2) return to.answer("503 Service Unavailable", "Retry-After: 1\r\n", "<html>");
        to.answer("200 OK", "", "line\n");
    }};
    auto const begin = std::chrono::steady_clock::now();
    REQUIRE(download(server).records == texts{"line"});
    CHECK(std::chrono::steady_clock::now() - begin >= 2s);
    http_script const closed{
        [&](http_exchange& to) { to.answer("429 Too Many Requests", "Retry-After: 86400\r\n", ""); }};
    auto const failed = download(closed);
    CHECK_THAT(failed.failure->message, ContainsSubstring("429") && ContainsSubstring("86400 s"));
    CHECK(closed.requests().size() == 1);
    http_script const always{
        [&](http_exchange& to) { to.answer("503 Service Unavailable", "Retry-After: 0\r\n", ""); }};
    CHECK_THAT(download(always).failure->message, ContainsSubstring("no new byte in 3 attempts"));
}
