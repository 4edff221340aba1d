// The client by TLS, and through a proxy.
#include "net/http_client.hpp"

#include "support/catch.hpp"
#include "support/certificates.hpp"
#include "support/http_peer.hpp"
#include "support/http_script.hpp"
#include "support/scratch_folder.hpp"

#include <functional>
#include <thread>

using namespace logpipe;
using namespace std::chrono_literals;
using net::http_client;
using test::http_exchange;
using test::http_script;
using test::raw_client;
using test::raw_server;
using test::read_head;

namespace {

struct tls_server {
    test::scratch_folder folder;
    test::certificate_authority authority{"test"};
    std::string ca_file = authority.write_certificate(folder.path("ca.crt"));
    http_script script;

    explicit tls_server(std::function<void(http_exchange&)> serve)
        : script{std::move(serve), authority.issue(folder.path("server"), "IP:127.0.0.1,DNS:server.example")} {}

    [[nodiscard]] net::http_server where() const {
        return {.address = {.host = "127.0.0.1", .port = script.port()},
                .tls = net::tls_client_options{.ca_file = ca_file},
                .timeouts = {.connect = 60s, .request = 60s}};
    }
};

void response_lines(http_exchange& to) {
    to.answer("200 OK", "", "lines");
}

result<net::http_response> get(net::http_target target) {
    return http_client{std::move(target)}.send({.path = "/x"});
}

}  // namespace

TEST_CASE("a server by TLS is verified by CA and name", "[http_tls]") {
    tls_server const server{response_lines};
    auto where = server.where();
    CHECK(get(net::make_http_target(where).value()).value().body == "lines");

    where.address.host = "localhost";
    auto const named = get(net::make_http_target(where).value());
    CHECK(named.error().code == errc::unauthorized);
    CHECK_THAT(named.error().message, ContainsSubstring("hostname mismatch"));

    where = server.where();
    test::certificate_authority const other{"other"};
    where.tls->ca_file = other.write_certificate(server.folder.path("other.crt"));
    auto const untrusted = get(net::make_http_target(where).value());
    CHECK(untrusted.error().code == errc::unauthorized);
    CHECK_THAT(untrusted.error().message, ContainsSubstring("certificate verify failed"));

    where.tls->insecure_skip_verify = true;
    CHECK(get(net::make_http_target(where).value()).value().body == "lines");

    where.tls->ca_file = server.folder.path("none");
    where.tls->insecure_skip_verify = false;
    CHECK(net::make_http_target(where).error().code == errc::invalid_argument);
}

TEST_CASE("by TLS a body without a length that is truncated is an error", "[http_tls]") {
    tls_server const server{[](http_exchange& to) {
        to.send("HTTP/1.1 200 OK\r\n\r\nlines");
        if (to.target() == "/cut") to.drop();
    }};
    auto const request_of = [&](std::string_view path) {
        return http_client{net::make_http_target(server.where()).value()}.send({.path = path});
    };
    CHECK(request_of("/whole").value().body == "lines");
    CHECK(request_of("/cut").error().code == errc::not_connected);
}

TEST_CASE("a proxy is asked for the whole URL, with its own login", "[http_proxy]") {
    http_script const proxy{response_lines};
    auto target = net::make_http_target({.address = {.host = "server.example", .port = 8080}}).value();
    target.proxy = net::parse_proxy_url("http://me:secret@127.0.0.1:" + std::to_string(proxy.port())).value();
    CHECK(get(std::move(target)).value().body == "lines");
    auto const request = proxy.requests().at(0);
    CHECK(request.starts_with("GET http://server.example:8080/x HTTP/1.1\r\nHost: server.example:8080\r\n"));
    CHECK_THAT(request, ContainsSubstring("\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n"));
}

TEST_CASE("TLS goes through a proxy's tunnel, and is verified by the server's own name", "[http_proxy]") {
    tls_server const server{response_lines};
    raw_server proxy;
    auto where = server.where();
    where.address.host = "server.example";
    auto target = net::make_http_target(where).value();
    target.proxy = net::parse_proxy_url("http://me:secret@127.0.0.1:" + std::to_string(proxy.port())).value();
    std::string head;
    std::jthread serving{[&] {
        auto peer = proxy.accept();
        head = read_head(peer);
        peer.send("HTTP/1.1 200 Connection established\r\n\r\n");
        raw_client through{server.script.port()};
        relay(peer, through);
    }};
    auto const got = get(std::move(target));
    REQUIRE(got.has_value());
    CHECK(got->body == "lines");
    serving.join();
    auto const authority = "server.example:" + std::to_string(server.script.port());
    CHECK(head.starts_with("CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n"));
    CHECK_THAT(head, ContainsSubstring("\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n"));
    CHECK(!server.script.requests().at(0).contains("Proxy-Authorization"));
}

TEST_CASE("a proxy that opens no tunnel is named", "[http_proxy]") {
    auto const [answer, code, words] = GENERATE(
        table<std::string, errc, std::string>({{"407 Proxy Authentication Required", errc::unauthorized, "https_proxy"},
                                               {"503 Service Unavailable", errc::not_connected, "503"}}));
    http_script const proxy{[&](http_exchange& to) { to.answer(answer, "", ""); }};
    auto target =
        net::make_http_target({.address = {.host = "server.example", .port = 443}, .tls = net::tls_client_options{}})
            .value();
    auto const at = "127.0.0.1:" + std::to_string(proxy.port());
    target.proxy = net::parse_proxy_url(at).value();
    auto const got = get(std::move(target));
    CHECK(got.error().code == code);
    CHECK_THAT(got.error().message,
               ContainsSubstring("server.example:443") && ContainsSubstring(at) && ContainsSubstring(words));
}
