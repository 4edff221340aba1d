#include "net/http_client.hpp"

#include "support/catch.hpp"
#include "support/http_peer.hpp"
#include "support/http_script.hpp"
#include "support/scratch_folder.hpp"

#include <atomic>
#include <thread>

using namespace logpipe;
using namespace std::chrono_literals;
using net::http_client;
using net::http_request;
using test::http_exchange;
using test::http_script;
using test::raw_client;
using test::raw_server;
using test::read_head;

namespace {

/// A server on this machine, with timeouts that a test which is well never meets.
net::http_server server_at(std::uint16_t port, net::http_timeouts timeouts = {.connect = 60s, .request = 60s}) {
    return {.address = {.host = "127.0.0.1", .port = port}, .timeouts = timeouts};
}

http_client client_of(net::http_server const& server) {
    return http_client{net::make_http_target(server).value()};
}

std::string sized(std::string_view body) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string{body};
}

}  // namespace

TEST_CASE("a request goes out with its fields and body, and the whole response comes back", "[http_client]") {
    http_script const server{[](http_exchange& to) { to.answer("201 Created", "", "got " + to.body()); }};
    auto target = net::make_http_target(server_at(server.port())).value();
    REQUIRE(net::add_field(target, "X-Scope-OrgID", "a"));
    REQUIRE(net::add_login(target, "me", "secret"));
    http_client client{std::move(target)};
    auto const response = client.send({.method = "POST",
                                       .path = "/in?x=1",
                                       .fields = "X-One: 1\r\n",
                                       .content_type = "text/plain",
                                       .body = "words",
                                       .compressed = true});
    REQUIRE(response.has_value());
    CHECK(response->status == 201);
    CHECK(response->body == "got words");
    auto const request = server.requests().at(0);
    CHECK(request.starts_with("POST /in?x=1 HTTP/1.1\r\n"));
    for (auto const* field : {"X-Scope-OrgID: a", "Authorization: Basic bWU6c2VjcmV0", "X-One: 1", "Content-Length: 5",
                              "Content-Type: text/plain", "Content-Encoding: gzip"})
        CHECK_THAT(request, ContainsSubstring("\r\n" + std::string{field} + "\r\n"));
    CHECK_THAT(request, ContainsSubstring("\r\nHost: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"));
}

TEST_CASE("what would end a head early never goes out", "[http_client]") {
    auto target = net::make_http_target(server_at(1)).value();
    CHECK(net::add_field(target, "X", "a\r\nY: b").error().code == errc::invalid_argument);
    CHECK(net::add_login(target, "me", "").error().code == errc::invalid_argument);
    CHECK(net::add_login(target, "m:e", "secret").error().code == errc::invalid_argument);
    http_client client{std::move(target)};
    CHECK(client.send({.path = "/a b"}).error().code == errc::invalid_argument);
    CHECK(client.send({.path = "/a\r\nX: y"}).error().code == errc::invalid_argument);
}

TEST_CASE("a chunked response that comes a byte at a time is read whole", "[http_client]") {
    http_script const server{[](http_exchange& to) {
        for (char const c : std::string_view{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                             "3;ext=1\r\nlin\r\n2\r\nes\r\n0\r\nTrailer: x\r\n\r\n"})
            to.send({&c, 1});
    }};
    CHECK(client_of(server_at(server.port())).send({.path = "/"}).value().body == "lines");
}

TEST_CASE("the response to HEAD has no body", "[http_client]") {
    raw_server server;
    auto client = client_of(server_at(server.port()));
    std::jthread const serving{[&] {
        auto peer = server.accept();
        CHECK(read_head(peer).starts_with("HEAD / "));
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
        static_cast<void>(read_head(peer));
        peer.send(sized("lines"));
    }};
    CHECK(client.send({.method = "HEAD", .path = "/"}).value().body.empty());
    CHECK(client.send({.path = "/"}).value().body == "lines");
}

TEST_CASE("a connection is kept, and opened again where the server has closed it meanwhile", "[http_client]") {
    raw_server server;
    auto client = client_of(server_at(server.port()));
    std::atomic<int> connections{0};
    std::jthread const serving{[&] {
        for (int i = 0; i < 2; ++i) {
            auto peer = server.accept();
            ++connections;
            for (int responded = 0; responded < 2; ++responded) {
                static_cast<void>(read_head(peer));
                peer.send(sized(std::to_string(connections)));
            }
        }
    }};
    CHECK(client.send({.path = "/"}).value().body == "1");
    CHECK(client.send({.path = "/"}).value().body == "1");
    CHECK(client.send({.path = "/"}).value().body == "2");
    CHECK(client.send({.path = "/"}).value().body == "2");
    CHECK(connections == 2);
}

TEST_CASE("a new connection that is closed without a response is not tried a second time", "[http_client]") {
    raw_server server;
    auto client = client_of(server_at(server.port()));
    std::jthread const serving{[&] {
        auto peer = server.accept();
        static_cast<void>(read_head(peer));
    }};
    auto const got = client.send({.path = "/"});
    CHECK(got.error().code == errc::not_connected);
    CHECK_THAT(got.error().message,
               ContainsSubstring("127.0.0.1:" + std::to_string(server.port())) && ContainsSubstring("closed"));
}

TEST_CASE("a kept connection that ends in the middle of a response is not tried a second time", "[http_client]") {
    raw_server server;
    auto client = client_of(server_at(server.port()));
    std::jthread const serving{[&] {
        auto peer = server.accept();
        static_cast<void>(read_head(peer));
        peer.send(sized("one"));
        static_cast<void>(read_head(peer));
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nli");
    }};
    CHECK(client.send({.path = "/"}).value().body == "one");
    auto const got = client.send({.path = "/"});
    CHECK(got.error().code == errc::not_connected);
    CHECK_THAT(got.error().message, ContainsSubstring("middle of the response"));
}

TEST_CASE("bytes after a response are never taken for the next one", "[http_client]") {
    raw_server server;
    auto client = client_of(server_at(server.port()));
    std::jthread const serving{[&] {
        auto first = server.accept();
        static_cast<void>(read_head(first));
        first.send(sized("one") + sized("smuggled"));
        auto second = server.accept();
        static_cast<void>(read_head(second));
        second.send(sized("two"));
    }};
    CHECK(client.send({.path = "/"}).value().body == "one");
    CHECK(client.send({.path = "/"}).value().body == "two");
}

TEST_CASE("a server that rejects a large body before it has read it is understood", "[http_client]") {
    raw_server server;
    auto client = client_of(server_at(server.port()));
    std::jthread const serving{[&] {
        auto peer = server.accept();
        static_cast<void>(read_head(peer));
        peer.send("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        peer.end_sending();
        static_cast<void>(peer.is_closed_by_peer());
    }};
    std::string const body(std::size_t{8} << 20U, 'x');
    auto const got = client.send({.method = "POST", .path = "/", .body = body});
    REQUIRE(got.has_value());
    CHECK(got->status == 413);
}

TEST_CASE("a body above the limit is too large, announced or not", "[http_client]") {
    auto const* const head = GENERATE("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n",
                                      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n");
    http_script const server{[&](http_exchange& to) { to.send(head + std::string(1001, 'x')); }};
    auto where = server_at(server.port());
    where.body_bytes_max = 1000;
    auto const got = client_of(where).send({.path = "/"});
    CHECK(got.error().code == errc::too_large);
    CHECK_THAT(got.error().message, ContainsSubstring("1000 bytes"));
}

TEST_CASE("a head above 64 KiB and bytes that are not HTTP are protocol errors", "[http_client]") {
    auto const bytes = GENERATE("HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n",
                                std::string{"SSH-2.0-OpenSSH_9.2\r\n"});
    http_script const server{[&](http_exchange& to) { to.send(bytes); }};
    CHECK(client_of(server_at(server.port())).send({.path = "/"}).error().code == errc::protocol);
}

TEST_CASE("nobody there and no such name are not connected", "[http_client]") {
    std::uint16_t free_port = 0;
    {
        free_port = http_script{[](http_exchange&) {}}.port();
    }
    auto const nobody = client_of(server_at(free_port)).send({.path = "/"});
    CHECK(nobody.error().code == errc::not_connected);
    CHECK_THAT(nobody.error().message, ContainsSubstring("Connection refused"));
    auto const nameless = client_of({.address = {.host = "no-such-host.invalid", .port = 80}}).send({.path = "/"});
    CHECK(nameless.error().code == errc::not_connected);
    CHECK_THAT(nameless.error().message, ContainsSubstring("no-such-host.invalid"));
}

TEST_CASE("the deadline ends a request to a silent server, and to one that never comes to an end", "[http_client]") {
    bool const silent = GENERATE(true, false);
    http_script const server{[&](http_exchange& to) {
        if (silent) return to.hang();
        to.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        while (to.send("1\r\nx\r\n")) std::this_thread::sleep_for(1ms);
    }};
    auto const got = client_of(server_at(server.port(), {.connect = 60s, .request = 300ms})).send({.path = "/"});
    CHECK(got.error().code == errc::timed_out);
    CHECK_THAT(got.error().message, ContainsSubstring("no response within 300 ms"));
}

TEST_CASE("a connect timeout covers TLS", "[http_client]") {
    raw_server server;  // accepts by the kernel, and keeps silent
    auto where = server_at(server.port(), {.connect = 300ms, .request = 60s});
    where.tls.emplace();
    auto const got = client_of(where).send({.path = "/"});
    CHECK(got.error().code == errc::timed_out);
    CHECK_THAT(got.error().message, ContainsSubstring("no connection within 300 ms"));
}

TEST_CASE("a request is cancelled from another thread, for good", "[http_client]") {
    raw_server server;
    auto client = client_of(server_at(server.port()));
    std::jthread const serving{[&] {
        auto peer = server.accept();
        static_cast<void>(read_head(peer));
        client.cancel();
        static_cast<void>(peer.is_closed_by_peer());
    }};
    CHECK(client.send({.path = "/"}).error().code == errc::cancelled);
    CHECK(client.send({.path = "/"}).error().code == errc::cancelled);
}

TEST_CASE("new fields are used from the next request on, over the same connection", "[http_client]") {
    raw_server server;
    auto client = client_of(server_at(server.port()));
    std::string second;
    std::jthread serving{[&] {
        auto peer = server.accept();
        static_cast<void>(read_head(peer));
        peer.send(sized("one"));
        second = read_head(peer);
        peer.send(sized("two"));
    }};
    CHECK(client.send({.path = "/"}).value().body == "one");
    auto next = net::make_http_target(server_at(server.port())).value();
    REQUIRE(net::add_field(next, "X-New", "1"));
    client.use(std::move(next));
    CHECK(client.send({.path = "/"}).value().body == "two");
    serving.join();
    CHECK_THAT(second, ContainsSubstring("\r\nX-New: 1\r\n"));
}

TEST_CASE("a target elsewhere gets another connection", "[http_client]") {
    http_script const one{[](http_exchange& to) { to.answer("200 OK", "", "one"); }};
    http_script const two{[](http_exchange& to) { to.answer("200 OK", "", "two"); }};
    auto client = client_of(server_at(one.port()));
    CHECK(client.send({.path = "/"}).value().body == "one");
    client.use(net::make_http_target(server_at(two.port())).value());
    CHECK(client.send({.path = "/"}).value().body == "two");
}

TEST_CASE("requests go over a Unix socket", "[http_client]") {
    test::scratch_folder const folder;
    auto const path = folder.path("socket");
    http_script const server{[](http_exchange& to) { to.answer("200 OK", "", "lines"); }, path};
    CHECK(client_of({.socket_path = path}).send({.path = "/"}).value().body == "lines");
    auto const missing = client_of({.socket_path = folder.path("none")}).send({.path = "/"});
    CHECK(missing.error().code == errc::not_connected);
    CHECK_THAT(missing.error().message, ContainsSubstring(folder.path("none")));
    CHECK(net::make_http_target({.socket_path = folder.path(std::string(200, 'x'))}).error().code ==
          errc::invalid_argument);
}
