#include "status/process.hpp"
#include "web/web.hpp"

#include "support/catch.hpp"
#include "support/http_client.hpp"
#include "support/snapshots.hpp"

#include <semaphore>

using namespace logpipe;
using namespace logpipe::web;
using namespace std::chrono_literals;

namespace {

std::string local(std::uint16_t port) {
    return "127.0.0.1:" + std::to_string(port);
}

std::string http_answer(std::string const& body) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// The failure to fetch from a server that sends these bytes and closes.
error failure_with(std::string const& response) {
    one_answer_server const server{response};
    auto const fetched = fetch_status(local(server.port()), 10s);
    REQUIRE_FALSE(fetched.has_value());
    REQUIRE_THAT(fetched.error().message, ContainsSubstring(local(server.port())));
    return fetched.error();
}

}  // namespace

TEST_CASE("the status of another process is fetched", "[fetch_status]") {
    web_options options;
    options.listen = ":0";
    options.snapshot = sample_snapshot;
    auto const server = start_web_server(std::move(options));
    REQUIRE(server.has_value());
    auto const port = std::to_string((*server)->port());
    for (auto const& address : {"127.0.0.1:" + port, "localhost:" + port, ":" + port}) {
        auto const fetched = fetch_status(address, 10s);
        REQUIRE(fetched.has_value());
        REQUIRE(status::to_json(*fetched) == status::to_json(sample_snapshot()));
    }
}

TEST_CASE("a process that is away is reported apart from one that is silent", "[fetch_status]") {
    std::uint16_t port = 0;
    {
        one_answer_server const gone{""};
        port = gone.port();
    }
    auto const away = fetch_status(local(port), 10s);
    REQUIRE_FALSE(away.has_value());
    REQUIRE(away.error().code == errc::not_connected);
    REQUIRE_THAT(away.error().message, ContainsSubstring(local(port)));

    std::binary_semaphore may_answer{0};
    web_options options;
    options.snapshot = [&] {
        may_answer.acquire();
        return process_snapshot{};
    };
    auto const server = start_web_server(std::move(options));
    REQUIRE(server.has_value());
    auto const silent = fetch_status(local((*server)->port()), 50ms);
    may_answer.release();
    REQUIRE_FALSE(silent.has_value());
    REQUIRE(silent.error().code == errc::timed_out);
    REQUIRE_THAT(silent.error().message, ContainsSubstring("50 ms"));
}

TEST_CASE("a peer that closes early was not connected", "[fetch_status]") {
    REQUIRE(failure_with("").code == errc::not_connected);
    REQUIRE(failure_with("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{").code == errc::not_connected);
}

TEST_CASE("what responds and is not logpipe breaks the protocol", "[fetch_status]") {
    REQUIRE(failure_with("220 mail.example.org ESMTP\r\n").code == errc::protocol);
    REQUIRE(failure_with("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").code == errc::protocol);
    REQUIRE(failure_with(http_answer("<html></html>")).code == errc::protocol);
    REQUIRE(failure_with(http_answer("{}")).code == errc::protocol);
}

TEST_CASE("an response above 4 MiB is rejected before it is read", "[fetch_status]") {
    auto const failure = failure_with("HTTP/1.1 200 OK\r\nContent-Length: 4194305\r\n\r\n");
    REQUIRE(failure.code == errc::protocol);
    REQUIRE(failure_with("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + std::string(5U << 20U, ' ')).code ==
            errc::protocol);
}

TEST_CASE("an address that is none is a wrong argument", "[fetch_status]") {
    auto const fetched = fetch_status("localhost", 1s);
    REQUIRE_FALSE(fetched.has_value());
    REQUIRE(fetched.error().code == errc::invalid_argument);
}
