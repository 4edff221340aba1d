#include "core/backoff.hpp"

#include "support/catch.hpp"

using namespace logpipe;
using namespace std::chrono_literals;

TEST_CASE("waits double up to the longest, each with jitter in its upper half", "[backoff]") {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        backoff wait{{.first = 100ms, .longest = 1'000ms}, seed};
        for (auto const whole : {100ms, 200ms, 400ms, 800ms, 1'000ms, 1'000ms}) {
            auto const got = wait.next();
            REQUIRE(got >= whole / 2);
            REQUIRE(got <= whole);
        }
        wait.reset();
        REQUIRE(wait.next() <= 100ms);
    }
}

TEST_CASE("two clients do not wait for the same times", "[backoff]") {
    backoff one{{.first = 1'000'000ms, .longest = 1'000'000ms}, 1};
    backoff two{{.first = 1'000'000ms, .longest = 1'000'000ms}, 2};
    REQUIRE(one.next() != two.next());
}
