#include "runtime/router.hpp"
#include "runtime/pump.hpp"

#include "support/catch.hpp"
#include "support/memory_ends.hpp"

#include <thread>

using namespace logpipe;
using namespace logpipe::runtime;
using namespace logpipe::test;
using namespace std::chrono_literals;

namespace {

struct rig {
    rig()
        : app{{.finish_in_write = true, .stored = {}, .refuse = {}}},
          rest{{.finish_in_flush = true, .stored = {}, .refuse = {}}} {
        std::vector<route> routes;
        routes.push_back({.pattern = "app.**", .to = borrow<sink>(app)});
        routes.push_back({.pattern = "fluent.*", .to = borrow<sink>(rest)});
        moving = make_pump(
            {.from = borrow<source>(from), .change = nullptr, .to = make_router(std::move(routes)), .dead = &dead},
            {.name = "test", .retry_first = 1ms, .retry_longest = 1ms});
    }
    void run() {
        from.end();
        moving->start();
        REQUIRE(moving->wait_until(std::chrono::steady_clock::now() + 20s));
    }

    memory_source from;
    memory_sink app, rest;
    memory_dead_letters dead;
    std::unique_ptr<pump> moving;
};

constexpr auto sent_bytes = counter("sent_bytes_total", "Bytes sent.");
constexpr auto queued = gauge("queued_events", "Events that wait.");

/// Shows figures, and does nothing else.
class shown_sink final : public sink {
  public:
    explicit shown_sink(stage_status now) : now_{std::move(now)} {}
    result<> open(completions& /*reports*/) override { return {}; }
    result<> write(batch& /*events*/) override { return {}; }
    result<> flush() override { return {}; }
    result<std::optional<std::vector<progress>>> stored(std::string const& /*source_identity*/) override {
        return std::nullopt;
    }
    void cancel() override {}
    stage_status status() const override { return now_; }

  private:
    stage_status const now_;
};

}  // namespace

TEST_CASE("a router shows the sums of its sinks' metrics, and why one of them is down", "[router]") {
    std::vector<route> routes;
    routes.push_back({.pattern = "app.**",
                      .to = std::make_unique<shown_sink>(stage_status{.name = "one", .metrics = {{sent_bytes, 5}}})});
    routes.push_back({.pattern = "audit.**",
                      .to = std::make_unique<shown_sink>(stage_status{.name = "two",
                                                                      .up = false,
                                                                      .reason = "disk is full",
                                                                      .hint = "make room",
                                                                      .metrics = {{sent_bytes, 7}, {queued, 3}}})});
    auto const now = make_router(std::move(routes))->status();
    CHECK_FALSE(now.up);
    CHECK(now.reason == "audit.**: disk is full");
    CHECK(now.hint == "make room");
    REQUIRE(now.metrics.size() == 2);
    CHECK(now.metrics[0].name == "sent_bytes_total");
    CHECK(now.metrics[0].value == 12.0);
    CHECK(now.metrics[0].type == metric_type::counter);
    CHECK(now.metrics[1].value == 3.0);
}

TEST_CASE("tags match as in Fluentd", "[router]") {
    CHECK(tag_matches("app.follow", "app.follow"));
    CHECK_FALSE(tag_matches("app.follow", "app.other"));
    CHECK(tag_matches("app.*", "app.follow"));
    CHECK_FALSE(tag_matches("app.*", "app"));
    CHECK_FALSE(tag_matches("app.*", "app.follow.deep"));
    CHECK(tag_matches("app.**", "app"));
    CHECK(tag_matches("app.**", "app.follow.deep"));
    CHECK_FALSE(tag_matches("app.**", "apple"));
    CHECK(tag_matches("**", "anything.at.all"));
    CHECK(tag_matches("**.deep", "a.b.deep"));
    CHECK_FALSE(tag_matches("**.deep", "a.b"));
    CHECK_FALSE(tag_matches("", "app"));
}

TEST_CASE("events go where their tag says, and those without a route to the dead letters", "[router]") {
    rig test;
    test.from.add(0, {"1"}, "app.follow");
    test.from.add(0, {"2"}, "fluent.info");
    test.from.add(0, {"3"}, "stray");
    test.run();
    CHECK(test.app.payloads() == std::vector<std::string>{"1"});
    CHECK(test.rest.payloads() == std::vector<std::string>{"2"});
    auto const letters = test.dead.letters();
    REQUIRE(letters.size() == 1);
    CHECK(letters[0].reason == "no route for the tag \"stray\"");
    CHECK(test.from.committed().at(0) == 3);
}

TEST_CASE("a batch of mixed tags is taken apart and finished when all its parts are", "[router]") {
    rig test;
    test.from.add_mixed(0, {{"app.a", "1"}, {"fluent.b", "2"}, {"stray", "3"}, {"app.c", "4"}});
    test.app.fail_write({errc::storage_full, "full"});
    test.rest.fail_write({errc::not_connected, "gone"});
    test.run();
    CHECK(test.app.payloads() == std::vector<std::string>{"1", "4"});
    CHECK(test.rest.payloads() == std::vector<std::string>{"2"});
    CHECK(test.dead.letters().size() == 1);
    CHECK(test.moving->snapshot().book.line() == "in 4 = indexed 3 + already there 0 + dead 1 + in flight 0");
}

TEST_CASE("a batch that goes one way is taken there; one of many ways stays until all are safe", "[router]") {
    memory_source from;
    memory_sink app{{.take_in_flush = true, .stored = {}, .refuse = {}}};
    memory_sink rest{{.take_in_flush = true, .stored = {}, .refuse = {}}};
    std::vector<route> routes;
    routes.push_back({.pattern = "app.**", .to = borrow<sink>(app)});
    routes.push_back({.pattern = "fluent.*", .to = borrow<sink>(rest)});
    auto const moving = make_pump(
        {.from = borrow<source>(from), .change = nullptr, .to = make_router(std::move(routes)), .dead = nullptr},
        {.name = "test"});
    from.add(0, {"1", "2"}, "app.follow");
    from.add_mixed(0, {{"app.a", "3"}, {"fluent.b", "4"}, {"fluent.b", "5"}});
    moving->start();
    auto const end = std::chrono::steady_clock::now() + 20s;
    while ((app.taken() < 2 || rest.taken() < 1) && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    CHECK(moving->snapshot().book.taken == 2);
    CHECK(moving->snapshot().book.in_flight == 3);
    CHECK(from.committed().empty());
    from.end();
    REQUIRE(moving->wait_until(end));
    CHECK(from.committed().at(0) == 5);
    CHECK(moving->snapshot().book.line() == "in 5 = indexed 5 + already there 0 + dead 0 + in flight 0");
}

TEST_CASE("what is safe at a route that leads away is a term of its own, whole batches and parts alike", "[router]") {
    memory_source from;
    memory_sink app{{.finish_in_write = true, .stored = {}, .refuse = {}}};
    memory_sink away{{.finish_in_flush = true, .stored = {}, .refuse = {}}};
    memory_dead_letters dead;
    std::vector<route> routes;
    routes.push_back({.pattern = "app.**", .to = borrow<sink>(app)});
    routes.push_back({.pattern = "fluent.**", .to = borrow<sink>(away), .leads_away = true});
    auto const moving = make_pump(
        {.from = borrow<source>(from), .change = nullptr, .to = make_router(std::move(routes)), .dead = &dead},
        {.name = "test", .retry_first = 1ms, .retry_longest = 1ms});
    from.add(0, {"1", "2"}, "fluent.info");
    from.add_mixed(0, {{"app.a", "3"}, {"fluent.b", "4"}, {"stray", "5"}});
    from.end();
    moving->start();
    REQUIRE(moving->wait_until(std::chrono::steady_clock::now() + 20s));
    CHECK(moving->snapshot().book.line() == "in 5 = indexed 1 + already there 0 + dead 1 + in flight 0 + routed 3");
    CHECK(moving->snapshot().book.difference() == 0);
}

TEST_CASE("what a route's sink will never take is dead, and the other routes' events are not", "[router]") {
    rig test;
    test.app.fail_write({errc::rejected, "too large"});
    test.from.add_mixed(0, {{"app.a", "1"}, {"fluent.b", "2"}, {"app.c", "3"}, {"stray", "4"}});
    test.from.add(0, {"5"}, "app.d");
    test.run();
    CHECK(test.app.payloads() == std::vector<std::string>{"5"});
    CHECK(test.rest.payloads() == std::vector<std::string>{"2"});
    auto const letters = test.dead.letters();
    REQUIRE(letters.size() == 3);
    CHECK(letters[0].reason == "no route for the tag \"stray\"");
    CHECK((letters[1].record == "1" && letters[2].record == "3"));
    CHECK(letters[1].reason == "too large");
    CHECK(test.moving->snapshot().book.line() == "in 5 = indexed 2 + already there 0 + dead 3 + in flight 0");
}
