#include "core/jump_watch.hpp"

#include "support/catch.hpp"

using namespace logpipe;

namespace {

struct set_clock {
    std::int64_t wall = 1'700'000'000'000'000'000;
    std::int64_t running = 5;
    jump_watch watch{"test", [this] { return wall; }, [this] { return running; }};
};

constexpr std::int64_t minute = 60'000'000'000;

}  // namespace

TEST_CASE("a clock that is set forward by more than an hour tells no age for a day", "[clock]") {
    set_clock clock;
    REQUIRE(clock.watch.look() == clock.wall);
    clock.wall += 59 * minute;
    REQUIRE(clock.watch.look() == clock.wall);
    REQUIRE(clock.watch.tells_age());
    clock.wall += 61 * minute;
    REQUIRE(clock.watch.look() == clock.wall);
    REQUIRE_FALSE(clock.watch.tells_age());
    REQUIRE(clock.watch.jumps() == 1);
    clock.running += jump_watch::distrust_ns - 1;
    REQUIRE_FALSE(clock.watch.tells_age());
    clock.running += 1;
    REQUIRE(clock.watch.tells_age());
}

TEST_CASE("time that passes is no jump, however long nobody looks, and neither is a step back", "[clock]") {
    set_clock clock;
    clock.wall += 5000 * minute;
    clock.running += 5000 * minute;
    REQUIRE(clock.watch.look() == clock.wall);
    clock.wall -= 5000 * minute;
    REQUIRE(clock.watch.look() == clock.wall);
    REQUIRE(clock.watch.tells_age());
    REQUIRE(clock.watch.jumps() == 0);
}
