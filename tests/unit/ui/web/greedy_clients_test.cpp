// Clients that keep, or fill, all connections, beside one that only wants to know how the process is.
#include "web/web.hpp"

#include "started.hpp"
#include "support/catch.hpp"
#include "support/http_client.hpp"
#include "support/looking.hpp"
#include "support/snapshots.hpp"

#include <deque>

using namespace logpipe;
using namespace logpipe::web;
using namespace logpipe::test;

namespace {

class quiet_tap final : public tap_reader {
  public:
    std::vector<tapped_event> take() override { return {}; }
    tap_counts counts() const override { return {}; }
};

web_options options_with(web_limits limits) {
    web_options options;
    options.snapshot = sample_snapshot;
    options.tap = [](std::string const&, std::uint64_t) -> result<std::unique_ptr<tap_reader>> {
        return std::make_unique<quiet_tap>();
    };
    options.limits = limits;
    return options;
}

int status_for(web_server const& server, std::string_view request) {
    return status_of(http_client{server.port()}.submit(request));
}

/// A connection that is busy until its client leaves.
void open_tap(http_client& client) {
    client.send("GET /api/tap?stage=x HTTP/1.1\r\nHost: localhost\r\n\r\n");
    REQUIRE_FALSE(client.until("\r\n\r\n").empty());
}

}  // namespace

TEST_CASE("connections that are kept, or silent, keep nobody out: the one that waits longest gives way",
          "[greedy_clients]") {
    auto const server = start(options_with({.connections_max = 4}));
    std::deque<http_client> kept;
    for (int i = 0; i < 4; ++i) REQUIRE(status_of(kept.emplace_back(server->port()).submit("GET /healthz")) == 200);
    REQUIRE(status_of(kept.front().submit("GET /healthz")) == 200);  // now the second one waits longest
    http_client user{server->port()};
    REQUIRE(status_of(user.submit("GET /api/status")) == 200);
    kept[1].wait_until_closed_by_server();
    REQUIRE(status_of(kept.front().submit("GET /healthz")) == 200);
    std::deque<http_client> silent;
    for (int i = 0; i < 50; ++i) silent.emplace_back(server->port());
    silent.front().wait_until_closed_by_server();
    auto const metrics = http_client{server->port()}.submit("GET /metrics");
    REQUIRE_THAT(metrics, ContainsSubstring("\nlogpipe_http_connections_rejected_total 0\n"));
    REQUIRE_THAT(metrics, ContainsSubstring("\n# TYPE logpipe_http_connections_evicted_total counter\n"));
    REQUIRE_THAT(metrics, !ContainsSubstring("\nlogpipe_http_connections_evicted_total 0\n"));
    REQUIRE_THAT(metrics, ContainsSubstring("\n# TYPE logpipe_http_open_connections gauge\n"));
}

TEST_CASE("while all connections are busy health checks are served, and nothing else", "[greedy_clients]") {
    auto const server = start(options_with({.connections_max = 3, .health_connections_max = 2}));
    std::deque<http_client> busy;
    for (int i = 0; i < 3; ++i) open_tap(busy.emplace_back(server->port()));
    std::deque<http_client> silent;
    for (int i = 0; i < 5; ++i) silent.emplace_back(server->port());
    for (int i = 0; i < 5; ++i) {
        REQUIRE(status_for(*server, "GET /healthz") == 200);
        REQUIRE(status_for(*server, "GET /readyz") == 503);  // of the sample, not of the server
        REQUIRE(status_for(*server, "GET /metrics") == 200);
        REQUIRE(status_for(*server, "GET /api/status") == 503);
    }
    http_client once{server->port()};
    REQUIRE(field_of(once.submit("GET /healthz"), "Connection") == "close");
    busy.pop_back();
    REQUIRE(comes_true([&] { return status_for(*server, "GET /api/status") == 200; }));
}

TEST_CASE("where there is not place at all a client is reported so, and served when others have left",
          "[greedy_clients]") {
    auto const server = start(options_with({.connections_max = 2, .health_connections_max = 0}));
    std::deque<http_client> busy;
    for (int i = 0; i < 2; ++i) open_tap(busy.emplace_back(server->port()));
    // Sends nothing: an answer to what was never asked cannot be lost by a reset.
    REQUIRE(status_of(http_client{server->port()}.response()) == 503);
    busy.pop_back();
    REQUIRE(comes_true([&] { return status_for(*server, "GET /healthz") == 200; }));
}

TEST_CASE("a connection is closed after so many requests, the last of which says so", "[greedy_clients]") {
    auto const server = start(options_with({.requests_max = 3}));
    http_client client{server->port()};
    for (int i = 0; i < 2; ++i) REQUIRE(field_of(client.submit("GET /healthz"), "Connection") != "close");
    auto const last = client.submit("GET /healthz");
    REQUIRE(status_of(last) == 200);
    REQUIRE(field_of(last, "Connection") == "close");
    client.wait_until_closed_by_server();
}

TEST_CASE("more taps than may be open are rejected, and taken when one has left", "[greedy_clients]") {
    auto const server = start(options_with({.taps_max = 2}));
    std::deque<http_client> taps;
    for (int i = 0; i < 2; ++i) open_tap(taps.emplace_back(server->port()));
    REQUIRE(status_for(*server, "GET /api/tap?stage=x") == 503);
    taps.pop_back();
    REQUIRE(comes_true([&] {
        http_client again{server->port()};
        again.send("GET /api/tap?stage=x HTTP/1.1\r\nHost: localhost\r\n\r\n");
        return status_of(again.until("\r\n\r\n")) == 200;
    }));
}
