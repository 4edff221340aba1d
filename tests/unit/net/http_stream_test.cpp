// Responses that are read piece by piece.
#include "net/http_client.hpp"

#include "support/catch.hpp"
#include "support/http_script.hpp"

#include <semaphore>
#include <thread>

using namespace logpipe;
using namespace std::chrono_literals;
using net::http_client;
using test::http_exchange;
using test::http_script;

namespace {

http_client client_of(http_script const& server, net::http_timeouts timeouts = {.connect = 60s, .stall = 60s}) {
    return http_client{
        net::make_http_target({.address = {.host = "127.0.0.1", .port = server.port()}, .timeouts = timeouts}).value()};
}

/// The rest of a body, however often the wait for it ends early.
result<std::string> read_all(http_client& from, steady_time until = steady_time::max()) {
    std::string body;
    while (true) {
        auto const piece = from.read(until);
        if (!piece) return piece.error();
        if (!*piece) continue;
        if ((*piece)->empty()) return body;
        body += **piece;
    }
}

}  // namespace

TEST_CASE("a response is streamed: its head, its body in pieces, its end", "[http_stream]") {
    std::string const text(1'000'000, 'x');
    http_script const server{[&](http_exchange& to) { to.answer("200 OK", "X: 1\r\n", text); }};
    auto client = client_of(server);
    client.start({.path = "/", .keep_alive = false});
    auto const head = client.head(steady_time::max()).value();
    REQUIRE(head.has_value());
    CHECK(head->status == 200);
    CHECK(head->field("x") == "1");
    CHECK(head->content_bytes == text.size());
    CHECK(read_all(client).value() == text);
    CHECK_THAT(server.requests().at(0), ContainsSubstring("\r\nConnection: close\r\n"));
}

TEST_CASE("a stream that falls silent stalls, in the head and in the body", "[http_stream]") {
    bool const in_body = GENERATE(false, true);
    http_script const server{[&](http_exchange& to) {
        if (in_body) to.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\none\n");
        to.hang();
    }};
    auto client = client_of(server, {.connect = 60s, .stall = 300ms});
    client.start({.path = "/"});
    auto const head = client.head(steady_time::max());
    REQUIRE(head.has_value() == in_body);
    auto const failure = in_body ? read_all(client).error() : head.error();
    CHECK(failure.code == errc::timed_out);
    CHECK_THAT(failure.message, ContainsSubstring("sent nothing within 300 ms"));
}

TEST_CASE("a stream that is slower than its deadline goes on as long as it says something", "[http_stream]") {
    http_script const server{[&](http_exchange& to) {
        to.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
        for (int i = 0; i < 100; ++i) {
            std::this_thread::sleep_for(5ms);  // half a second in all, well above the deadline of the head
            to.send("x");
        }
    }};
    auto client = client_of(server, {.connect = 60s, .request = 60s, .stall = 60s});
    client.start({.path = "/"});
    REQUIRE(client.head(steady_time::max()).has_value());
    CHECK(read_all(client).value().size() == 100);
}

TEST_CASE("a stream that nobody reads does not stall", "[http_stream]") {
    std::binary_semaphore may_respond{0};
    http_script const server{[&](http_exchange& to) {
        may_respond.acquire();
        to.answer("200 OK", "", "lines");
    }};
    auto client = client_of(server, {.connect = 1s, .stall = 1s});
    client.start({.path = "/"});
    // In steps that leave a wait half done.
    while (server.requests().empty()) REQUIRE(!client.head(std::chrono::steady_clock::now() + 1us).value().has_value());
    std::this_thread::sleep_for(1100ms);  // not to wait for anything: this time must not count
    may_respond.release();
    REQUIRE(client.head(steady_time::max()).value().has_value());
    CHECK(read_all(client).value() == "lines");
}

TEST_CASE("the time between two reads is not a stall", "[http_stream]") {
    std::binary_semaphore may_go_on{0};
    http_script const server{[&](http_exchange& to) {
        to.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\none\n");
        may_go_on.acquire();
        to.send("two\n");
    }};
    auto client = client_of(server, {.connect = 60s, .stall = 1s});
    client.start({.path = "/"});
    REQUIRE(client.head(steady_time::max()).value().has_value());
    CHECK(*client.read(steady_time::max()).value() == "one\n");
    std::this_thread::sleep_for(1100ms);  // not to wait for anything: this time must not count
    may_go_on.release();
    CHECK(read_all(client).value() == "two\n");
}

TEST_CASE("a wait for a stream ends at `until`, by wake() and by cancel()", "[http_stream]") {
    http_script const server{[&](http_exchange& to) {
        to.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\none\n");
        to.hang();
    }};
    auto client = client_of(server);
    client.start({.path = "/"});
    REQUIRE(client.head(steady_time::max()).value().has_value());
    CHECK(*client.read(steady_time::max()).value() == "one\n");
    CHECK(!client.read(std::chrono::steady_clock::now() + 1ms).value().has_value());
    client.wake();
    CHECK(!client.read(steady_time::max()).value().has_value());
    std::jthread const other{[&] { client.cancel(); }};
    CHECK(client.read(steady_time::max()).error().code == errc::cancelled);
}

TEST_CASE("a wait without a request ends in time, or by wake()", "[http_stream]") {
    http_script const server{[](http_exchange&) {}};
    auto client = client_of(server);
    CHECK(client.wait(std::chrono::steady_clock::now() + 1ms));
    client.wake();
    CHECK(!client.wait(steady_time::max()));
}

TEST_CASE("a stream that is given up makes place for the next request", "[http_stream]") {
    http_script const server{[&](http_exchange& to) {
        if (to.target() == "/second") return to.answer("200 OK", "", "second");
        to.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\none\n");
        to.hang();
    }};
    auto client = client_of(server);
    client.start({.path = "/first"});
    SECTION("before its head") {}
    SECTION("in its body") {
        REQUIRE(client.head(steady_time::max()).value().has_value());
    }
    SECTION("while a piece is waited for") {
        REQUIRE(client.head(steady_time::max()).value().has_value());
        CHECK(*client.read(steady_time::max()).value() == "one\n");
        CHECK(!client.read(std::chrono::steady_clock::now() + 1ms).value().has_value());
    }
    client.start({.path = "/second"});
    REQUIRE(client.head(steady_time::max()).value().has_value());
    CHECK(read_all(client).value() == "second");
    CHECK(client.send({.path = "/second"}).value().body == "second");
}

TEST_CASE("a stream that is woken all the time loses nothing", "[http_stream]") {
    std::string text;
    while (text.size() < 4'000'000) text += std::to_string(text.size()) + "\n";
    http_script const server{[&](http_exchange& to) { to.answer("200 OK", "", text); }};
    auto client = client_of(server);
    std::jthread const waker{[&](std::stop_token const& stop) {
        while (!stop.stop_requested()) client.wake();
    }};
    client.start({.path = "/"});
    while (!client.head(steady_time::max()).value().has_value()) {
    }
    CHECK(read_all(client).value() == text);
}

TEST_CASE("a body without a length ends with its connection, and a truncated one is an error", "[http_stream]") {
    auto const* const answer =
        GENERATE("HTTP/1.0 200 OK\r\n\r\nlines", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nlines",
                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nlines\r\n");
    http_script const server{[&](http_exchange& to) { to.send(answer); }};
    auto client = client_of(server);
    client.start({.path = "/"});
    REQUIRE(client.head(steady_time::max()).value().has_value());
    auto const got = read_all(client);
    if (std::string_view{answer}.starts_with("HTTP/1.0"))
        CHECK(got.value() == "lines");
    else
        CHECK(got.error().code == errc::not_connected);
}
