#include "core/stage_health.hpp"

#include "support/catch.hpp"

#include <thread>

using namespace logpipe;

namespace {

error const cut{errc::not_connected, "the line is cut"};

}  // namespace

TEST_CASE("a stage is up until a call fails, and again after one that works", "[stage_health]") {
    stage_health health;
    CHECK(health.is_up());
    CHECK_FALSE(health.noted(result<>{cut}));
    CHECK(health.trouble() == cut);
    CHECK(health.noted(result<int>{7}).value() == 7);
    CHECK(health.is_up());
}

TEST_CASE("a stage that never worked says what it waits for", "[stage_health]") {
    stage_health const health{error{errc::not_connected, "not connected yet"}};
    stage_status now;
    health.describe(now);
    CHECK_FALSE(now.up);
    CHECK(now.reason == "not connected yet");
}

TEST_CASE("only a change of the reason is news", "[stage_health]") {
    stage_health health;
    CHECK(health.down(cut));
    CHECK_FALSE(health.down(cut));
    CHECK(health.down({errc::timed_out, "silent"}));
    CHECK(health.up());
    CHECK_FALSE(health.up());
    CHECK(health.tries() == 5);
}

TEST_CASE("the end of a source is no trouble", "[stage_health]") {
    stage_health health;
    CHECK_FALSE(health.noted(result<>{error{errc::end_of_input, "all was read"}}));
    CHECK(health.is_up());
}

TEST_CASE("who waits for a stage that is down hears how the next try ended", "[stage_health]") {
    stage_health health{error{errc::not_connected, "not connected yet"}};
    std::jthread peer;
    auto const next_try = [&](auto outcome) {
        return health.wait_for_try([&]() -> result<> {
            peer = std::jthread{[&health, outcome] { outcome(health); }};
            return {};
        });
    };
    CHECK(next_try([](stage_health& of) { of.down(cut); }).error() == cut);
    CHECK(next_try([](stage_health& of) { of.up(); }));
    // Up: nobody is asked to try.
    CHECK(health.wait_for_try([]() -> result<> { return error{errc::busy, "asked"}; }));
    health.down(cut);
    CHECK(health.wait_for_try([]() -> result<> { return error{errc::busy, "asked"}; }).error().code == errc::busy);
    CHECK(next_try([](stage_health& of) { of.cancel(); }).error().code == errc::cancelled);
    CHECK(health.wait_for_try([]() -> result<> { return {}; }).error().code == errc::cancelled);
}
