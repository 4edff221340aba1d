#include "core/retry_loop.hpp"

#include "support/catch.hpp"

using namespace logpipe;
using namespace std::chrono_literals;

namespace {

constexpr retry_loop::time_point now{1h};

retry_loop quick() {
    return {{.first = 100ms, .longest = 1s}, [] { return 7U; }};
}

}  // namespace

TEST_CASE("what has never failed is due", "[retry_loop]") {
    auto const retry = quick();
    CHECK(retry.is_due(now));
    CHECK_FALSE(retry.is_failing());
}

TEST_CASE("each failure waits longer than the one before, up to the longest wait", "[retry_loop]") {
    auto retry = quick();
    auto longest = 100ms;
    for (int i = 0; i < 8; ++i) {
        auto const due = retry.failed(now);
        CHECK(due - now >= longest / 2);
        CHECK(due - now <= longest);
        CHECK_FALSE(retry.is_due(now));
        CHECK(retry.is_due(due));
        longest = std::min(longest * 2, 1000ms);
    }
    CHECK(retry.failures() == 8);
}

TEST_CASE("a success makes the next failure wait as the first one did", "[retry_loop]") {
    auto retry = quick();
    for (int i = 0; i < 8; ++i) retry.failed(now);
    retry.worked();
    CHECK(retry.is_due(now));
    CHECK(retry.failed(now) <= now + 100ms);
}

TEST_CASE("a bound holds for one wait only", "[retry_loop]") {
    auto retry = quick();
    for (int i = 0; i < 8; ++i) retry.failed(now);
    CHECK(retry.failed(now, 5ms) <= now + 5ms);
    CHECK(retry.failed(now) >= now + 500ms);
}
