// The pump as a state machine: no thread, no sleep, and a time that the test owns.
#include "pump_stepper.hpp"

#include "core/log.hpp"
#include "support/catch.hpp"
#include "support/memory_ends.hpp"
#include "world/stepped_pump.hpp"

#include <chrono>

using namespace logpipe;
using namespace logpipe::runtime;
using namespace logpipe::sim;
using namespace logpipe::test;
using namespace std::chrono_literals;

namespace {

struct rig {
    explicit rig(memory_sink::behaviour how = {.finish_in_write = true, .stored = {}, .refuse = {}},
                 pump_options options = {.name = "test"})
        : to{std::move(how)},
          moving{{.from = borrow<source>(from), .change = nullptr, .to = borrow<sink>(to), .dead = &dead},
                 std::move(options),
                 time,
                 random,
                 world()} {}

    [[nodiscard]] bool run_until_committed(std::uint64_t offset) {
        return moving.run_until([&] { return from.committed()[0] >= offset; });
    }

    environment world() {
        auto made = time.world(system_files(), random);
        made.memory = &memory;
        return made;
    }

    virtual_time time;
    steady_time const began = time.now;
    std::mt19937_64 random{7};
    memory_budget memory;
    memory_source from;
    memory_sink to;
    memory_dead_letters dead;
    stepped_pump moving;
};

}  // namespace

TEST_CASE("while nothing fails each step is woken by the one before it, and none by the clock", "[pump_stepper]") {
    auto const in_flush = GENERATE(false, true);
    rig test{{.finish_in_write = !in_flush, .finish_in_flush = in_flush, .stored = {}, .refuse = {}},
             {.name = "test", .queue_batches_max = 2, .in_flight_bytes_max = 100}};
    for (int i = 0; i < 50; ++i) test.from.add(0, {std::string(40, 'x')});
    test.from.end();
    REQUIRE(test.moving.run());
    CHECK(test.time.now == test.began);
    CHECK(test.from.committed().at(0) == 50);
    CHECK_FALSE(test.moving->failure());
}

TEST_CASE("while memory is short a pump reads a batch when it has none in flight, and goes on where it is not",
          "[pump_stepper]") {
    rig test{{.stored = {}, .refuse = {}}};
    test.memory.set_limits({.held = 1'000, .largest = 100});
    memory_share others{test.memory, "others"};
    others.set(1'001);
    for (int i = 0; i < 20; ++i) test.from.add(0, {"a"});
    auto const looked = test.time.now + 10s;
    REQUIRE(test.moving.run_until([&] { return test.time.now > looked; }));
    CHECK(test.to.held() == 1);
    CHECK(test.memory.status().waits == 1);
    CHECK(test.memory.held() == others.bytes() + test.moving->snapshot().in_flight_bytes);
    CHECK(test.moving->snapshot().in_flight_bytes == sizeof(event) + 1);
    test.to.finish(0);
    REQUIRE(test.moving.run_until([&] { return test.to.held() == 1; }));
    others.set(0);
    REQUIRE(test.moving.run_until([&] { return test.to.held() > 5; }));
}

TEST_CASE("a source that fails again and again is asked less and less often", "[pump_stepper]") {
    rig test{{.finish_in_write = true, .stored = {}, .refuse = {}},
             {.name = "test", .retry_first = 100ms, .retry_longest = 10s}};
    // Opening works each time, which does not make the source one that works.
    for (int i = 0; i < 10; ++i) test.from.fail_read({errc::not_connected, "cut"});
    test.from.add(0, {"a"});
    REQUIRE(test.run_until_committed(1));
    // Each wait is between half and all of 0.1, 0.2, 0.4 … 6.4, 10, 10, 10 s.
    CHECK(test.time.now - test.began >= 21s);
    CHECK(test.time.now - test.began <= 43s);
}

TEST_CASE("a full disk is asked twice a second, however long it has been full", "[pump_stepper]") {
    rig test;
    for (int i = 0; i < 100; ++i) test.to.fail_write({errc::storage_full, "full"});
    test.from.add(0, {"a"});
    REQUIRE(test.run_until_committed(1));
    CHECK(test.time.now - test.began <= 50s);
}

TEST_CASE("an address that stays taken ends the pump after five seconds", "[pump_stepper]") {
    rig test;
    for (int i = 0; i < 1'000; ++i) test.from.fail_open({errc::busy, "the address is taken"});
    REQUIRE(test.moving.run());
    CHECK(test.moving->failure() == error{errc::busy, "the address is taken"});
    CHECK(test.time.now - test.began >= 5s);
    CHECK(test.time.now - test.began <= 20s);
}

TEST_CASE("a stop during a back-off ends the pump at the next try that fails", "[pump_stepper]") {
    rig test;
    for (int i = 0; i < 1'000; ++i) test.to.fail_open({errc::not_connected, "nobody is there"});
    for (int i = 0; i < 100; ++i) REQUIRE(test.moving.step());
    test.moving->stop();
    REQUIRE(test.moving.run(1'000));
    CHECK_FALSE(test.moving->failure());
    CHECK(test.from.committed().empty());
}

TEST_CASE("an abandoned pump ends without waiting, whatever it waits for", "[pump_stepper]") {
    auto const steps_before = GENERATE(range(0, 40));
    rig test{{.stored = {}, .refuse = {}}};
    test.from.fail_open({errc::not_connected, "no source yet"});
    test.to.fail_open({errc::not_connected, "no sink yet"});
    test.to.fail_write({errc::not_connected, "cut"});
    test.from.add(0, {"a"});
    for (int i = 0; i < steps_before; ++i) REQUIRE(test.moving.step());
    auto const abandoned_at = test.time.now;
    test.moving->abandon();
    REQUIRE(test.moving.run(1'000));
    CHECK(test.time.now == abandoned_at);
    REQUIRE(test.moving->failure());
    CHECK(test.moving->failure()->code == errc::cancelled);
    CHECK(test.from.committed().empty());
}

TEST_CASE("a sink that leaves what it has taken is asked to make it safe at the end only", "[pump_stepper]") {
    rig test{{.take_in_flush = true, .stored = {}, .refuse = {}}};
    test.from.add(0, {"a"});
    REQUIRE(test.moving.run_until([&] { return test.to.taken() == 1; }));
    for (int i = 0; i < 1'000; ++i) REQUIRE(test.moving.step());
    CHECK(test.time.now - test.began > 1min);
    CHECK(test.to.flushes() == 1);
    CHECK(test.from.committed().empty());
    test.from.end();
    REQUIRE(test.moving.run());
    CHECK(test.from.committed().at(0) == 1);
}
