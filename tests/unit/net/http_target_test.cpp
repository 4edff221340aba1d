#include "net/http_target.hpp"

#include "support/catch.hpp"

#include <string>

using namespace logpipe;
using namespace logpipe::net;

namespace {

/// As the options of a sink name its servers.
struct server_options {
    std::string address;
    bool tls = false;
    std::string ca_file{};
    std::string certificate_file{};
    std::string key_file{};
    bool insecure_skip_verify = false;
    std::chrono::milliseconds connect_timeout{1'000};
    std::chrono::milliseconds request_timeout{2'000};
};

}  // namespace

TEST_CASE("a client's targets are made of its options, with the usual port where none is given", "[http_target]") {
    auto const plain = make_http_targets(server_options{.address = "search,other:1"}, 9200);
    REQUIRE(plain.has_value());
    CHECK(names_of(*plain) == std::vector<std::string>{"search:9200", "other:1"});
    for (auto const& each : *plain) {
        CHECK_FALSE(each.tls.has_value());
        CHECK(each.timeouts.connect == std::chrono::seconds{1});
        CHECK(each.timeouts.request == std::chrono::seconds{2});
    }

    auto const over_tls = make_http_targets(server_options{.address = "search:1,b:1", .tls = true}, 9200);
    REQUIRE(over_tls.has_value());
    CHECK((*over_tls)[1].name == "b:1");
    CHECK((*over_tls)[1].tls.has_value());

    CHECK(make_http_targets(server_options{.address = "search:x"}, 9200).error().code == errc::invalid_argument);
    CHECK(make_http_targets(server_options{.address = "search", .tls = true, .ca_file = "/nowhere"}, 9200).has_error());
    CHECK_THAT(make_http_targets(server_options{.address = "search", .tls = true, .certificate_file = "/c"}, 9200)
                   .error()
                   .message,
               ContainsSubstring("certificate file and key file go together"));
}

TEST_CASE("a gateway's prefix is before the path of every request, through a proxy too", "[http_target]") {
    auto target = make_http_targets(server_options{.address = "gw:80"}, 9200, "/gateway/search").value();
    auto& to = target.front();
    CHECK(write_head({.path = "/logs/_bulk?x=1"}, to)
              .value()
              .starts_with("GET /gateway/search/logs/_bulk?x=1 HTTP/1.1\r\nHost: gw\r\n"));
    to.proxy = http_proxy{.server = {.host = "proxy", .port = 3128}};
    CHECK(write_head({.path = "/logs"}, to).value().starts_with("GET http://gw/gateway/search/logs HTTP/1.1\r\n"));
}

TEST_CASE("a host fails where it cannot be reached or trusted, or says that it is unavailable", "[http_target]") {
    for (auto const code : {errc::not_connected, errc::timed_out, errc::unauthorized, errc::protocol})
        CHECK(host_failure(error{code, "a:1: words"}, "a:1") == "a:1: words");
    for (auto const code : {errc::too_large, errc::invalid_argument})
        CHECK_FALSE(host_failure(error{code, "a:1: words"}, "a:1"));
    for (unsigned const status : {502U, 503U, 504U})
        CHECK(host_failure(http_response{.status = status}, "a:1") == "a:1: HTTP " + std::to_string(status));
    for (unsigned const status : {200U, 400U, 401U, 413U, 429U, 500U, 501U, 505U})
        CHECK_FALSE(host_failure(http_response{.status = status}, "a:1"));
}
