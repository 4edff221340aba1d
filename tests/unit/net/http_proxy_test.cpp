#include "net/http_proxy.hpp"

#include "support/catch.hpp"

using namespace logpipe;
using net::find_proxy;
using net::proxy_settings;

namespace {

bool goes_through(proxy_settings const& settings, std::string host, std::uint16_t port = 80, bool tls = false) {
    return find_proxy(settings, {.host = std::move(host), .port = port}, tls).value().has_value();
}

}  // namespace

TEST_CASE("each scheme has its own proxy", "[http_proxy]") {
    proxy_settings const settings{.http_proxy = "http://plain:1", .https_proxy = "http://secure:2"};
    CHECK(find_proxy(settings, {.host = "a.example", .port = 80}, false).value()->server.host == "plain");
    CHECK(find_proxy(settings, {.host = "a.example", .port = 443}, true).value()->server.host == "secure");
    CHECK(!goes_through({}, "a.example"));
    CHECK(!goes_through({.https_proxy = "http://secure:2"}, "a.example"));
}

TEST_CASE("this machine is never asked through a proxy", "[http_proxy]") {
    proxy_settings const settings{.http_proxy = "http://plain:1"};
    for (auto const* host : {"localhost", "127.0.0.1", "127.1.2.3", "::1"}) {
        CAPTURE(host);
        CHECK(!goes_through(settings, host));
    }
}

TEST_CASE("no_proxy names servers that are reached directly", "[http_proxy]") {
    auto const exempt = [](std::string no_proxy, std::string host, std::uint16_t port = 80) {
        return !goes_through({.http_proxy = "http://plain:1", .no_proxy = std::move(no_proxy)}, std::move(host), port);
    };
    CHECK(exempt("*", "a.example"));
    CHECK(exempt("b.example, a.example", "a.example"));
    CHECK(exempt("a.example", "A.Example"));
    CHECK(exempt("example", "a.example"));
    CHECK(exempt(".example", "a.example"));
    CHECK(!exempt("a.example", "ba.example"));
    CHECK(!exempt("b.a.example", "a.example"));
    CHECK(!exempt(",,", "a.example"));
    CHECK(exempt("a.example:8080", "a.example", 8080));
    CHECK(!exempt("a.example:8080", "a.example", 80));
    CHECK(exempt("a.example:1", "a.example", 1));
    CHECK(!exempt("a.example:1", "a.example", 80));
    CHECK(exempt("10.1.2.3", "10.1.2.3"));
    CHECK(!exempt("10.1.2.3", "10.1.2.30"));
    CHECK(exempt("10.0.0.0/8", "10.1.2.3"));
    CHECK(!exempt("10.0.0.0/8", "11.1.2.3"));
    CHECK(!exempt("10.0.0.0/8", "a.example"));
    CHECK(!exempt("10.0.0.0/x", "10.1.2.3"));
    CHECK(exempt("2001:db8::/32", "2001:db8::1"));
    CHECK(!exempt("2001:db8::/32", "2001:db9::1"));
    CHECK(exempt("2001:db8::1", "2001:db8::1"));
    CHECK(exempt("[2001:db8::1]:8080", "2001:db8::1", 8080));
    CHECK(!exempt("[2001:db8::1]:8080", "2001:db8::1", 80));
}

TEST_CASE("a proxy that can never work is an error that names its variable", "[http_proxy]") {
    auto const bad = find_proxy({.https_proxy = "socks5://proxy:1"}, {.host = "a.example", .port = 443}, true);
    REQUIRE(bad.has_error());
    CHECK(bad.error().code == errc::invalid_argument);
    CHECK_THAT(bad.error().message, ContainsSubstring("https_proxy"));
}
