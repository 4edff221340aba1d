#include "web/web.hpp"

#include "started.hpp"
#include "support/catch.hpp"
#include "support/http_client.hpp"
#include "support/snapshots.hpp"

#include <atomic>
#include <semaphore>
#include <thread>

using namespace logpipe;
using namespace logpipe::web;
using namespace std::chrono_literals;

namespace {

/// A produce run that says when it has begun and goes on until it may end.
struct held_run {
    std::binary_semaphore begun{0};
    std::binary_semaphore may_end{0};
    std::atomic<int> runs = 0;

    web_options options() {
        web_options made;
        made.snapshot = sample_snapshot;
        made.produce = [this](produce_request const&) {
            ++runs;
            begun.release();
            may_end.acquire();
            return produce_response{.status = 200, .message = "sent", .events = 8130};
        };
        return made;
    }
};

constexpr auto get_request = "GET /produceEventsToPipeline HTTP/1.1\r\nHost: localhost\r\n\r\n";

}  // namespace

TEST_CASE("a produce is served when it has ended, again and again", "[produce]") {
    held_run run;
    auto const server = start(run.options());
    http_client client{server->port()};
    for (auto const* request : {"GET /produceEventsToPipeline", "POST /produceEventsToPipeline"}) {
        run.may_end.release();
        auto const response = client.submit(request);
        REQUIRE(status_of(response) == 200);
        REQUIRE(field_of(response, "Content-Type") == "application/json");
        REQUIRE(body_of(response) == "{\"message\":\"sent\",\"status\":\"success\",\"events\":8130}\n");
        run.begun.acquire();
    }
    REQUIRE(run.runs == 2);
}

TEST_CASE("while a produce runs other pages response, and a second one is rejected at once", "[produce]") {
    held_run run;
    auto const server = start(run.options());
    http_client waiting{server->port()};
    waiting.send(get_request);
    run.begun.acquire();

    http_client other{server->port()};
    REQUIRE(status_of(other.submit("GET /healthz")) == 200);
    auto const second = other.submit("POST /produceEventsToPipeline");
    REQUIRE(status_of(second) == 409);
    REQUIRE(field_of(second, "Content-Type") == "application/problem+json");

    run.may_end.release();
    REQUIRE(status_of(waiting.response()) == 200);
    REQUIRE(run.runs == 1);
}

TEST_CASE("a produce that fails is a 502 with the reason", "[produce]") {
    web_options options;
    options.snapshot = sample_snapshot;
    options.produce = [](produce_request const&) {
        return produce_response{.status = 502, .message = "no connection to :24224", .events = 7};
    };
    auto const server = start(std::move(options));
    auto const response = http_client{server->port()}.submit("GET /produceEventsToPipeline");
    REQUIRE(status_of(response) == 502);
    REQUIRE_THAT(body_of(response), ContainsSubstring(R"("detail":"no connection to :24224")"));
    REQUIRE_THAT(body_of(response), ContainsSubstring(R"("events":7)"));
}

TEST_CASE("a produce goes on when its client leaves, and the next one may then run", "[produce]") {
    held_run run;
    auto const server = start(run.options());
    {
        http_client leaving{server->port()};
        leaving.send(get_request);
        run.begun.acquire();
    }
    http_client client{server->port()};
    REQUIRE(status_of(client.submit("GET /produceEventsToPipeline")) == 409);
    run.may_end.release();
    run.may_end.release();  // for the one to come
    auto const begin = std::chrono::steady_clock::now();
    while (status_of(client.submit("GET /produceEventsToPipeline")) == 409)
        REQUIRE(std::chrono::steady_clock::now() - begin < 20s);
    REQUIRE(run.runs == 2);
}

TEST_CASE("a server that is destroyed while a produce runs closes its connections, then waits for the run",
          "[produce]") {
    held_run run;
    auto server = start(run.options());
    http_client waiting{server->port()};
    http_client idle{server->port()};
    waiting.send(get_request);
    run.begun.acquire();
    std::atomic<bool> destroyed = false;
    std::jthread const destroyer{[&] {
        server.reset();
        destroyed = true;
    }};
    waiting.wait_until_closed_by_server();
    idle.wait_until_closed_by_server();
    REQUIRE_FALSE(destroyed);
    run.may_end.release();
}
