#include "flush_delay.hpp"

#include "support/catch.hpp"

using namespace logpipe;
using namespace logpipe::runtime;
using namespace std::chrono_literals;

namespace {

using duration = std::chrono::steady_clock::duration;

/// @return how long it waited before the flush
duration flush(flush_delay& delay, duration took, bool more_comes) {
    auto const now = std::chrono::steady_clock::time_point{1h};
    auto const waited = delay.until(now) - now;
    if (more_comes) delay.more_came();
    delay.flushed(took);
    return waited;
}

int waits_of(flush_delay& delay, int flushes, duration took) {
    int waits = 0;
    for (int i = 0; i < flushes; ++i)
        if (flush(delay, took, false) > 0ms) ++waits;
    return waits;
}

}  // namespace

TEST_CASE("before a flush that costs something it pays to wait for half of what it takes", "[pipeline]") {
    flush_delay delay;
    CHECK(flush(delay, 1ms, true) == 0ms);  // nothing is known of it yet
    for (int i = 0; i < 200; ++i) (void)flush(delay, 1ms, true);
    auto const waited = flush(delay, 1ms, true);
    CHECK(waited > 480us);
    CHECK(waited <= 500us);
}

TEST_CASE("a wait before a flush has one end, however often something comes", "[pipeline]") {
    flush_delay delay;
    for (int i = 0; i < 10; ++i) (void)flush(delay, 1ms, true);
    auto const now = std::chrono::steady_clock::time_point{1h};
    auto const end = delay.until(now);
    CHECK(end > now);
    delay.more_came();
    CHECK(delay.until(now + 100us) == end);
}

TEST_CASE("a flush that costs nothing is not waited for, one that stalls not for long", "[pipeline]") {
    flush_delay quick;
    CHECK(waits_of(quick, 100, 5us) == 0);
    flush_delay stalled;
    (void)flush(stalled, 30s, true);
    auto const waited = flush(stalled, 30s, true);
    CHECK(waited > 0ms);
    CHECK(waited <= 2ms);
}

TEST_CASE("where waiting brings nothing it is tried ever more seldom, and each time again once it did", "[pipeline]") {
    flush_delay delay;
    (void)waits_of(delay, 1'000, 1ms);
    CHECK(waits_of(delay, 640, 1ms) == 10);
    while (flush(delay, 1ms, true) == 0ms) {
    }
    CHECK(flush(delay, 1ms, true) > 0ms);
    CHECK(flush(delay, 1ms, true) > 0ms);
}
