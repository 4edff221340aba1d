#include "net/http_url.hpp"

#include "support/catch.hpp"

using namespace logpipe;
using net::parse_http_url;
using net::redirect;

TEST_CASE("a URL says where to connect and what to ask", "[http_url]") {
    auto const plain = parse_http_url("http://example.org/logs/nginx.jsonl?day=1#top").value();
    REQUIRE(!plain.tls);
    REQUIRE(plain.server.host == "example.org");
    REQUIRE(plain.server.port == 80);
    REQUIRE(plain.target == "/logs/nginx.jsonl?day=1");

    auto const secure = parse_http_url("https://[2001:db8::1]:8443").value();
    REQUIRE(secure.tls);
    REQUIRE(secure.server.host == "2001:db8::1");
    REQUIRE(secure.server.port == 8443);
    REQUIRE(secure.target == "/");

    REQUIRE(parse_http_url("https://h").value().server.port == 443);
    REQUIRE(parse_http_url("http://h?a=b").value().target == "/?a=b");
}

TEST_CASE("what a URL may not hold is percent-encoded, what is encoded stays", "[http_url]") {
    auto const made =
        parse_http_url("https://raw.example.org/master/Common Data Formats/nginx%20logs/\"\xc3\xbc\".json").value();
    REQUIRE(made.target == "/master/Common%20Data%20Formats/nginx%20logs/%22%C3%BC%22.json");
}

TEST_CASE("what is not an http URL is rejected with words", "[http_url]") {
    for (auto const* url : {"", "example.org/x", "ftp://example.org/x", "http://", "http:///x", "http://h:0/",
                            "http://h:99999/", "http://h/%zz", "http://h/a\r\nX: y", "http://[::1/x"}) {
        CAPTURE(url);
        auto const made = parse_http_url(url);
        REQUIRE(made.has_error());
        REQUIRE(made.error().code == errc::invalid_argument);
    }
}

TEST_CASE("a user name or password in a URL is rejected and not repeated", "[http_url]") {
    for (auto const* url :
         {"https://me:secret@example.org/x", "https://secret@example.org", "https://me:secret@exa mple:x/"}) {
        auto const made = parse_http_url(url);
        REQUIRE(made.error().code == errc::invalid_argument);
        REQUIRE(!made.error().message.contains("secret"));
    }
}

TEST_CASE("redirects lead to absolute and relative places", "[http_url]") {
    auto const from = parse_http_url("http://a.example/one/two?x=1").value();
    REQUIRE(redirect(from, "https://b.example/z").value().text == "https://b.example/z");
    REQUIRE(redirect(from, "three").value().text == "http://a.example/one/three");
    REQUIRE(redirect(from, "/top level").value().target == "/top%20level");
    REQUIRE(redirect(from, "//c.example/y").value().server.host == "c.example");
    REQUIRE(redirect(from, "../up").value().target == "/up");
}

TEST_CASE("redirects never lead from https to http, nor anywhere else", "[http_url]") {
    auto const from = parse_http_url("https://a.example/x").value();
    REQUIRE(redirect(from, "https://b.example/").has_value());
    for (auto const* location :
         {"http://a.example/x", "file:///etc/passwd", "ftp://a.example/", "http://", "https://u:p@a.example/"}) {
        REQUIRE(redirect(from, location).error().code == errc::rejected);
        REQUIRE(!redirect(from, location).error().message.contains("u:p"));
    }
    REQUIRE_THAT(redirect(from, "http://a.example/x").error().message, ContainsSubstring("from https to http"));
}

TEST_CASE("a proxy's URL has a host, a port and a login, and an error never shows its password", "[http_url]") {
    using net::parse_proxy_url;
    auto const whole = parse_proxy_url("http://me:s%40cret@proxy.example:3128/").value();
    CHECK(whole.server.host == "proxy.example");
    CHECK(whole.server.port == 3128);
    CHECK(whole.username == "me");
    CHECK(whole.password == "s@cret");
    auto const brief = parse_proxy_url("proxy.example:3128").value();
    CHECK(brief.server.host == "proxy.example");
    CHECK(brief.server.port == 3128);
    CHECK(brief.username.empty());
    CHECK(parse_proxy_url("http://proxy.example").value().server.port == 80);
    for (auto const* url : {"", "https://me:secret@proxy:1", "socks5://me:secret@proxy:1", "http://me:secret@proxy:0",
                            "http://me:secret@", "http://me:secret@pro xy:1"}) {
        CAPTURE(url);
        auto const made = parse_proxy_url(url);
        REQUIRE(made.has_error());
        CHECK(made.error().code == errc::invalid_argument);
        CHECK(!made.error().message.contains("secret"));
    }
}
