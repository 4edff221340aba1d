// When a pump tries again, how long it waits, what it says meanwhile, and when it had better end.
#include "runtime/pump.hpp"

#include "core/log.hpp"
#include "support/catch.hpp"
#include "support/memory_ends.hpp"

#include <algorithm>
#include <array>
#include <utility>

using namespace logpipe;
using namespace logpipe::runtime;
using namespace logpipe::test;
using namespace std::chrono_literals;

namespace {

steady_time soon() {
    return std::chrono::steady_clock::now() + 20s;
}

struct rig {
    explicit rig(pump_options options)
        : moving{make_pump({.from = borrow<source>(from), .change = nullptr, .to = borrow<sink>(to), .dead = &dead},
                           std::move(options))} {}

    memory_source from;
    memory_sink to{{.finish_in_write = true, .stored = {}, .refuse = {}}};
    memory_dead_letters dead;
    std::unique_ptr<pump> moving;
};

pump_options quick(bool source_failure_is_final = false) {
    return {
        .name = "test", .retry_first = 1ms, .retry_longest = 5ms, .source_failure_is_final = source_failure_is_final};
}

std::ptrdiff_t lines_of(std::string_view name) {
    return std::ranges::count_if(recent_notes(), [&](auto const& note) { return note.message.starts_with(name); });
}

/// Codes with which the first open of an end is no use trying again, and those with which it is.
constexpr std::array local{errc::invalid_argument, errc::corrupt, errc::storage_failed};
constexpr std::array passing{errc::not_connected, errc::timed_out, errc::unauthorized, errc::protocol,
                             errc::not_found,     errc::rejected,  errc::storage_full};

}  // namespace

TEST_CASE("a source that works again is not made to wait for what was before", "[pump_end]") {
    rig test{{.name = "forgiving", .retry_first = 1ms, .retry_longest = 1h}};
    test.moving->start();
    // Were the wait to go on growing, the last ones would be hours.
    for (std::uint64_t i = 1; i <= 40; ++i) {
        test.from.fail_read({errc::not_connected, "cut"});
        test.from.add(0, {"a"});
        REQUIRE(test.from.wait_committed(0, i));
    }
}

TEST_CASE("a stage that comes and goes for one reason says so now and then only", "[pump_end]") {
    rig test{{.name = "flapping", .retry_first = 1ms, .retry_longest = 1ms}};
    test.moving->start();
    for (std::uint64_t i = 1; i <= 200; ++i) {
        test.from.fail_read({errc::not_connected, "cut"});
        test.to.fail_write({errc::storage_full, "full"});
        test.from.add(0, {"a"});
        REQUIRE(test.from.wait_committed(0, i));
    }
    CHECK(lines_of("flapping: the source") >= 1);
    CHECK(lines_of("flapping: the source") < 20);
    CHECK(lines_of("flapping: the sink") < 20);
    CHECK(test.moving->snapshot().retries >= 400);
}

TEST_CASE("an end that cannot be opened for a reason of this machine ends the pump", "[pump_end]") {
    for (auto const code : local) {
        CAPTURE(name_of(code));
        rig source_fails{quick()};
        source_fails.from.fail_open({code, "the source"});
        source_fails.moving->start();
        REQUIRE(source_fails.moving->wait_until(soon()));
        CHECK(source_fails.moving->failure() == error{code, "the source"});
        rig sink_fails{quick()};
        sink_fails.to.fail_open({code, "the sink"});
        sink_fails.from.add(0, {"a"});
        sink_fails.moving->start();
        REQUIRE(sink_fails.moving->wait_until(soon()));
        CHECK(sink_fails.moving->failure() == error{code, "the sink"});
        CHECK(sink_fails.from.committed().empty());
    }
}

TEST_CASE("an address that is released in time does not end the pump", "[pump_end]") {
    rig released{quick()};
    released.from.fail_open({errc::busy, "the address is taken"});
    released.from.add(0, {"a"});
    released.moving->start();
    REQUIRE(released.from.wait_committed(0, 1));
}

TEST_CASE("an end that cannot be opened for a reason that passes is tried again", "[pump_end]") {
    rig test{quick()};
    for (auto const code : passing) {
        test.from.fail_open({code, "the source"});
        test.to.fail_open({code, "the sink"});
    }
    test.to.fail_open({errc::busy, "the sink"});  // a server with too much to do
    test.from.add(0, {"a"});
    test.moving->start();
    REQUIRE(test.from.wait_committed(0, 1));
    CHECK_FALSE(test.moving->failure());
}

TEST_CASE("once both ends were open, trouble with this machine is tried again", "[pump_end]") {
    rig test{quick()};
    std::uint64_t events = 1;
    test.from.add(0, {"a"});
    test.moving->start();
    REQUIRE(test.from.wait_committed(0, events));
    for (auto const code : {errc::corrupt, errc::storage_failed, errc::busy}) {
        test.from.fail_read({errc::not_connected, "cut"});
        test.from.fail_open({code, "the source"});
        test.to.fail_write({errc::not_connected, "cut"});
        test.to.fail_open({code, "the sink"});
        test.from.add(0, {"a"});
        REQUIRE(test.from.wait_committed(0, ++events));
    }
    CHECK_FALSE(test.moving->failure());
}

TEST_CASE("a sink that can never work ends the pump, with all that it acknowledged safe", "[pump_end]") {
    bool const fails_on_open = GENERATE(false, true);
    rig test{quick()};
    test.from.add(0, {"a"});
    test.moving->start();
    REQUIRE(test.from.wait_committed(0, 1));
    error const reason{errc::invalid_argument, "the topic's name is wrong"};
    test.to.fail_write(fails_on_open ? error{errc::not_connected, "cut"} : reason);
    if (fails_on_open) test.to.fail_open(reason);
    test.from.add(0, {"b"});
    REQUIRE(test.moving->wait_until(soon()));
    CHECK(test.moving->failure() == reason);
    CHECK(test.from.committed().at(0) == 1);
    CHECK(test.moving->snapshot().book.in_flight == 1);
}

TEST_CASE("a source that can never be read ends the pump", "[pump_end]") {
    rig test{quick()};
    test.from.add(0, {"a"});
    test.moving->start();
    REQUIRE(test.from.wait_committed(0, 1));
    test.from.fail_read({errc::invalid_argument, "no such partition"});
    REQUIRE(test.moving->wait_until(soon()));
    CHECK(test.moving->failure() == error{errc::invalid_argument, "no such partition"});
}

TEST_CASE("where source and sink both fail, a run that ends tells of both", "[pump_end]") {
    rig test{quick(true)};
    test.from.fail_open({errc::not_connected, "the URL refuses"});
    test.to.fail_open({errc::not_connected, "the forwarder refuses"});
    test.moving->start();
    REQUIRE(test.moving->wait_until(soon()));
    CHECK(test.moving->failure() == error{errc::not_connected, "the URL refuses"});
    auto const stages = test.moving->snapshot().stages;
    CHECK_FALSE(stages.back().up);
    CHECK(stages.back().reason == "the forwarder refuses");
}
