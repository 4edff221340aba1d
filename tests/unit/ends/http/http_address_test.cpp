#include "http_address.hpp"

#include "support/catch.hpp"

using namespace logpipe;
using namespace logpipe::http;

TEST_CASE("a URL says where to connect and what to ask", "[http_address]") {
    auto const plain = parse_http_address("http://example.org/logs/nginx.jsonl?day=1#top").value();
    REQUIRE(!plain.tls);
    REQUIRE(plain.host == "example.org");
    REQUIRE(plain.port == "80");
    REQUIRE(plain.host_field == "example.org");
    REQUIRE(plain.target == "/logs/nginx.jsonl?day=1");

    auto const secure = parse_http_address("https://[2001:db8::1]:8443").value();
    REQUIRE(secure.tls);
    REQUIRE(secure.host == "2001:db8::1");
    REQUIRE(secure.port == "8443");
    REQUIRE(secure.host_field == "[2001:db8::1]:8443");
    REQUIRE(secure.target == "/");

    REQUIRE(parse_http_address("https://h").value().port == "443");
    REQUIRE(parse_http_address("http://h?a=b").value().target == "/?a=b");
}

TEST_CASE("what a URL may not hold is percent-encoded, what is encoded stays", "[http_address]") {
    auto const made =
        parse_http_address("https://raw.example.org/master/Common Data Formats/nginx%20logs/\"\xc3\xbc\".json").value();
    REQUIRE(made.target == "/master/Common%20Data%20Formats/nginx%20logs/%22%C3%BC%22.json");
}

TEST_CASE("what is no http URL is refused with words", "[http_address]") {
    for (auto const* url : {"", "example.org/x", "ftp://example.org/x", "http://", "http:///x", "http://h:0/",
                            "http://h:99999/", "http://h/%zz", "http://h/a\r\nX: y", "http://[::1/x"}) {
        CAPTURE(url);
        auto const made = parse_http_address(url);
        REQUIRE(made.has_error());
        REQUIRE(made.error().code == errc::invalid_argument);
    }
}

TEST_CASE("a user name or password in a URL is refused and not repeated", "[http_address]") {
    for (auto const* url :
         {"https://me:secret@example.org/x", "https://secret@example.org", "https://me:secret@exa mple:x/"}) {
        auto const made = parse_http_address(url);
        REQUIRE(made.error().code == errc::invalid_argument);
        REQUIRE(!made.error().message.contains("secret"));
    }
}

TEST_CASE("redirects lead to absolute and relative places", "[http_address]") {
    auto const from = parse_http_address("http://a.example/one/two?x=1").value();
    REQUIRE(redirect(from, "https://b.example/z").value().text == "https://b.example/z");
    REQUIRE(redirect(from, "three").value().text == "http://a.example/one/three");
    REQUIRE(redirect(from, "/top level").value().target == "/top%20level");
    REQUIRE(redirect(from, "//c.example/y").value().host == "c.example");
    REQUIRE(redirect(from, "../up").value().target == "/up");
}

TEST_CASE("redirects never lead from https to http, nor anywhere else", "[http_address]") {
    auto const from = parse_http_address("https://a.example/x").value();
    REQUIRE(redirect(from, "https://b.example/").has_value());
    for (auto const* location :
         {"http://a.example/x", "file:///etc/passwd", "ftp://a.example/", "http://", "https://u:p@a.example/"}) {
        REQUIRE(redirect(from, location).error().code == errc::rejected);
        REQUIRE(!redirect(from, location).error().message.contains("u:p"));
    }
    REQUIRE_THAT(redirect(from, "http://a.example/x").error().message, ContainsSubstring("from https to http"));
}
