#include "net/address.hpp"

#include "support/catch.hpp"

using namespace logpipe;
using namespace logpipe::net;

TEST_CASE("hosts and ports are read", "[address]") {
    auto const check = [](char const* text, char const* host, unsigned port) {
        CAPTURE(text);
        auto const got = parse_host_port(text).value();
        REQUIRE(got.host == host);
        REQUIRE(got.port == port);
    };
    check("localhost:24224", "localhost", 24224);
    check("127.0.0.1:0", "127.0.0.1", 0);
    check("[::1]:65535", "::1", 65535);
    check(":8000", "", 8000);
}

TEST_CASE("a default port is used where none is given", "[address]") {
    REQUIRE(parse_host_port("kafka", 9092).value().port == 9092);
    REQUIRE(parse_host_port("[fe80::1]", 9092).value().host == "fe80::1");
    REQUIRE(parse_host_port("kafka:1", 9092).value().port == 1);
}

TEST_CASE("an address that is not HOST:PORT is rejected with its reason", "[address]") {
    for (auto const* text : {"", "localhost", "localhost:", "localhost:x", "localhost:65536", "localhost:-1",
                             "localhost: 1", "::1:80", "[::1", "[::1]80", "[::1]"}) {
        CAPTURE(text);
        auto const got = parse_host_port(text);
        REQUIRE(got.has_error());
        REQUIRE(got.error().code == errc::invalid_argument);
        REQUIRE_THAT(got.error().message, ContainsSubstring("expected HOST:PORT"));
    }
}

TEST_CASE("a list of hosts names each once, with the usual port where none is given", "[address]") {
    auto const hosts = parse_host_list("a:1,b,[::1]:2", 9200).value();
    REQUIRE(hosts.size() == 3);
    CHECK(to_text(hosts[0]) == "a:1");
    CHECK(to_text(hosts[1]) == "b:9200");
    CHECK(to_text(hosts[2]) == "[::1]:2");
    CHECK(parse_host_list(":9200", 9200).value().front().host.empty());
}

TEST_CASE("a list of hosts that cannot work is rejected in one line with its reason", "[address]") {
    auto const words_of = [](std::string_view list) {
        auto const got = parse_host_list(list, 9200);
        REQUIRE(got.has_error());
        CHECK(got.error().code == errc::invalid_argument);
        return got.error().message;
    };
    for (auto const* list : {"a,,b", "a,", ",a"}) CHECK_THAT(words_of(list), ContainsSubstring("; one is empty"));
    CHECK_THAT(words_of("a,b:9200,a:9200"), ContainsSubstring("; a:9200 is there twice"));
    CHECK_THAT(words_of("a,:1"), ContainsSubstring("; \":1\" has no host"));
    CHECK_THAT(words_of("a,b:0"), ContainsSubstring("; a port must be a number from 1 to 65535"));
    CHECK_THAT(words_of("a,b:x"), ContainsSubstring("\"b:x\": expected HOST:PORT; the port must be a number"));
    CHECK_THAT(words_of("a,https://b"), ContainsSubstring("; all of them share the scheme"));
}

TEST_CASE("an address is written as it is read", "[address]") {
    for (auto const* text : {"localhost:24224", "[::1]:80", ":8000"})
        REQUIRE(to_text(parse_host_port(text).value()) == text);
}
