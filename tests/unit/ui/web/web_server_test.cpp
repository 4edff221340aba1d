#include "web/web.hpp"

#include "started.hpp"
#include "status/process.hpp"
#include "support/catch.hpp"
#include "support/http_client.hpp"
#include "support/snapshots.hpp"

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

using namespace logpipe;
using namespace logpipe::status;
using namespace logpipe::web;
using namespace std::literals;

namespace {

web_options sample_options() {
    web_options options;
    options.snapshot = sample_snapshot;
    return options;
}

/// The whole answer to bytes that stand for a connection's first ones.
std::string response_to(web_server const& server, std::string_view bytes) {
    http_client client{server.port()};
    client.send(bytes);
    return client.response();
}

}  // namespace

TEST_CASE("the server serves its pages", "[web_server]") {
    auto const server = start(sample_options());
    http_client client{server->port()};
    REQUIRE(status_of(client.submit("GET /healthz")) == 200);
    REQUIRE(status_of(client.submit("GET /readyz")) == 503);
    REQUIRE_THAT(body_of(client.submit("GET /metrics")), ContainsSubstring("\nlogpipe_ready 1\n"));
    auto const status = client.submit("GET /api/status");
    REQUIRE(field_of(status, "Content-Type") == "application/json");
    REQUIRE(parse_process_snapshot(body_of(status)).has_value());
}

TEST_CASE("every response forbids caching and guessing of its type", "[web_server]") {
    auto const server = start(sample_options());
    for (auto const* request : {"GET /healthz", "GET /metrics", "GET /nothing", "PUT /metrics"}) {
        auto const response = http_client{server->port()}.submit(request);
        REQUIRE(field_of(response, "Cache-Control") == "no-store");
        REQUIRE(field_of(response, "X-Content-Type-Options") == "nosniff");
        REQUIRE_THAT(field_of(response, "Date"), ContainsSubstring(" GMT"));
    }
}

TEST_CASE("HEAD gives the head of GET and no body", "[web_server]") {
    auto const server = start(sample_options());
    http_client client{server->port()};
    auto const get = client.submit("GET /api/status");
    auto const head = client.submit("HEAD /api/status");
    REQUIRE(status_of(head) == 200);
    REQUIRE(body_of(head).empty());
    REQUIRE(field_of(head, "Content-Length") == field_of(get, "Content-Length"));
    REQUIRE(status_of(client.submit("GET /healthz")) == 200);  // nothing of a body was left between the two
}

TEST_CASE("an unknown page is a 404 and a wrong method a 405 that names the right ones", "[web_server]") {
    auto const server = start(sample_options());
    http_client client{server->port()};
    auto const unknown = client.submit("GET /../../etc/passwd");
    REQUIRE(status_of(unknown) == 404);
    REQUIRE(field_of(unknown, "Content-Type") == "application/problem+json");
    auto const wrong = client.submit("DELETE /metrics");
    REQUIRE(status_of(wrong) == 405);
    REQUIRE(field_of(wrong, "Allow") == "GET, HEAD");
    REQUIRE(status_of(client.submit("GET /produceEventsToPipeline")) == 404);
}

TEST_CASE("requests that are sent together are served in order", "[web_server]") {
    auto const server = start(sample_options());
    http_client client{server->port()};
    client.send(
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        "POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello"
        "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    REQUIRE(status_of(client.response()) == 200);
    REQUIRE(status_of(client.response()) == 404);
    REQUIRE(status_of(client.response()) == 503);
    client.wait_until_closed_by_server();
}

TEST_CASE("a client of HTTP/1.0 is served and the connection closed, unless it asks to keep it", "[web_server]") {
    auto const server = start(sample_options());
    http_client brief{server->port()};
    brief.send("GET /healthz HTTP/1.0\r\n\r\n");
    REQUIRE(status_of(brief.response()) == 200);
    brief.wait_until_closed_by_server();
    http_client staying{server->port()};
    for (int i = 0; i < 2; ++i) {
        staying.send("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        auto const response = staying.response();
        REQUIRE(status_of(response) == 200);
        REQUIRE(field_of(response, "Connection") == "keep-alive");
    }
}

TEST_CASE("a client that waits for 100 Continue gets one", "[web_server]") {
    auto const server = start(sample_options());
    http_client client{server->port()};
    client.send("POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    REQUIRE(status_of(client.response()) == 100);
    client.send("hello");
    REQUIRE(status_of(client.response()) == 405);
}

TEST_CASE("bytes that are not a request get a clear 4xx and a closed connection", "[web_server]") {
    auto const server = start(sample_options());
    auto const rejected = [&](std::string_view bytes, int status) {
        http_client client{server->port()};
        client.send(bytes);
        auto const response = client.response();
        CAPTURE(bytes, response);
        REQUIRE(status_of(response) == status);
        REQUIRE(field_of(response, "Content-Type") == "application/problem+json");
        client.wait_until_closed_by_server();
    };
    rejected("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"sv, 400);  // TLS
    rejected("hello\r\n\r\n", 400);
    rejected("GET /healthz\r\n\r\n", 400);
    rejected("GET /\x01\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n"sv, 400);
    rejected("GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 400);
    rejected("GET /healthz HTTP/1.1\r\nHost a\r\n\r\n", 400);
    rejected("GET /healthz HTTP/1.1\r\nHost: localhost\r\nBad\x01: x\r\n\r\n", 400);
    rejected("GET /healthz HTTP/9.9\r\nHost: localhost\r\n\r\n", 505);
    rejected("POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400);
    rejected("POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400);
    rejected("POST /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400);
}

TEST_CASE("a request of HTTP/1.1 has exactly one Host", "[web_server]") {
    auto const server = start(sample_options());
    REQUIRE(status_of(response_to(*server, "GET /healthz HTTP/1.1\r\n\r\n")) == 400);
    REQUIRE(status_of(response_to(*server, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: b\r\n\r\n")) == 400);
}

TEST_CASE("a header above the limit is a 431 and a body above it a 413, and both close", "[web_server]") {
    auto const server = start(sample_options());
    auto const rejected = [&](std::string const& bytes, int status) {
        http_client client{server->port()};
        client.send(bytes);
        REQUIRE(status_of(client.response()) == status);
        client.wait_until_closed_by_server();
    };
    std::string const big_field = "X: " + std::string(9000, 'x');
    rejected("GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + big_field + "\r\n\r\n", 431);
    rejected("GET /" + std::string(100'000, 'x'), 414);
    rejected("POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 65537\r\n\r\n", 413);
    rejected("POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999\r\n\r\n" +
                 std::string(200'000, 'x'),
             413);
    rejected("POST /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n11170\r\n" +
                 std::string(0x11170, 'x') + "\r\n0\r\n\r\n",
             413);
    auto const fits =
        "POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 65536\r\n\r\n" + std::string(65'536, 'x');
    REQUIRE(status_of(response_to(*server, fits)) == 405);
}

TEST_CASE("a client that is too slow, or silent, is cut off", "[web_server]") {
    auto options = sample_options();
    options.limits.request_time = 100ms;
    options.limits.idle_time = 100ms;
    auto const server = start(std::move(options));
    SECTION("before its first byte") {
        http_client client{server->port()};
        client.wait_until_closed_by_server();
    }
    SECTION("in its header, a byte at a time, though each byte comes soon after the last") {
        http_client client{server->port()};
        client.send("GET /healthz HTTP/1.1\r\nX: ");
        auto const begin = std::chrono::steady_clock::now();
        while (client.send("x") && std::chrono::steady_clock::now() - begin < 20s) std::this_thread::yield();
        client.wait_until_closed_by_server();
        REQUIRE(std::chrono::steady_clock::now() - begin < 20s);
    }
    SECTION("in its body") {
        http_client client{server->port()};
        client.send("POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhello");
        client.wait_until_closed_by_server();
    }
    SECTION("between two requests") {
        http_client client{server->port()};
        REQUIRE(status_of(client.submit("GET /healthz")) == 200);
        client.wait_until_closed_by_server();
    }
}

TEST_CASE("many clients at once are all served", "[web_server]") {
    auto const server = start(sample_options());
    std::atomic<int> good = 0;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 16; ++t)
            threads.emplace_back([&] {
                http_client client{server->port()};
                for (int i = 0; i < 20; ++i)
                    if (parse_process_snapshot(body_of(client.submit("GET /api/status"))).has_value()) ++good;
            });
    }
    REQUIRE(good == 16 * 20);
}

TEST_CASE("a page that fails by a bug costs its connection and not the server", "[web_server]") {
    web_options options;
    options.snapshot = []() -> process_snapshot { throw std::runtime_error{"a bug"}; };
    auto const server = start(std::move(options));
    REQUIRE(http_client{server->port()}.submit("GET /metrics").empty());
    REQUIRE(status_of(http_client{server->port()}.submit("GET /healthz")) == 200);
}

TEST_CASE("a server that cannot listen says where and why", "[web_server]") {
    auto const first = start(sample_options());
    auto options = sample_options();
    auto const failure_on = [&](std::string address) {
        options.listen = std::move(address);
        auto const server = start_web_server(options);
        REQUIRE_FALSE(server.has_value());
        REQUIRE_THAT(server.error().message, ContainsSubstring(options.listen));
        return server.error().code;
    };
    REQUIRE(failure_on("127.0.0.1:" + std::to_string(first->port())) == errc::busy);
    REQUIRE(failure_on("127.0.0.1") == errc::invalid_argument);
    REQUIRE(failure_on("127.0.0.1:http") == errc::invalid_argument);
    REQUIRE(failure_on("192.0.2.1:0") == errc::invalid_argument);
    REQUIRE(failure_on("no-such-host.invalid:0") == errc::invalid_argument);
}

TEST_CASE("without a host the server listens on all addresses", "[web_server]") {
    auto options = sample_options();
    options.listen = ":0";
    auto const server = start(std::move(options));
    REQUIRE(status_of(http_client{server->port()}.submit("GET /healthz")) == 200);
}

TEST_CASE("a server that is destroyed closes its connections at once, also under load", "[web_server]") {
    for (int round = 0; round < 10; ++round) {
        auto options = sample_options();
        options.limits.request_time = 60s;
        options.limits.idle_time = 60s;
        auto server = start(std::move(options));
        auto const port = server->port();
        http_client idle{port};
        REQUIRE(status_of(idle.submit("GET /healthz")) == 200);
        std::latch loaded{8};
        std::vector<std::jthread> threads;
        for (int t = 0; t < 8; ++t)
            threads.emplace_back([&, port] {
                http_client client{port};
                static_cast<void>(client.submit("GET /metrics"));
                loaded.count_down();
                while (!client.submit("GET /metrics").empty()) {
                }
            });
        loaded.wait();
        auto const begin = std::chrono::steady_clock::now();
        server.reset();
        REQUIRE(std::chrono::steady_clock::now() - begin < 30s);
        idle.wait_until_closed_by_server();
    }
}
