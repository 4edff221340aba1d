// A sink that answers twice: taken, and later safe.
#include "pump_rig.hpp"
#include "support/catch.hpp"

#include <thread>

using namespace logpipe;
using namespace logpipe::runtime;
using namespace logpipe::test;

TEST_CASE("what a sink has taken holds the position, and neither memory nor the source", "[pump]") {
    auto options = quick();
    options.in_flight_bytes_max = 100;
    rig test{{.take_in_flush = true, .stored = {}, .refuse = {}}, options};
    for (int i = 0; i < 50; ++i) test.from.add(0, {std::string(40, 'x')});
    test.moving->start();
    // Twenty times what may be in flight.
    REQUIRE(test.to.wait_held(50));
    for (auto const end = soon(); test.to.taken() < 50 && std::chrono::steady_clock::now() < end;)
        std::this_thread::yield();
    auto now = test.moving->snapshot();
    CHECK(now.in_flight_bytes == 0);
    CHECK(now.book.in_flight == 0);
    CHECK(now.book.taken == 50);
    CHECK(now.book.difference() == 0);
    CHECK(now.book.line() == "in 50 = indexed 0 + already there 0 + dead 0 + in flight 0 + taken 50");
    CHECK(now.bytes_out == 50 * 40);
    CHECK(test.from.committed().empty());
    // The newest one is safe first.
    test.to.finish(49);
    CHECK(test.from.committed().empty());
    test.to.finish(0);
    REQUIRE(test.from.wait_committed(0, 1));
    CHECK(test.moving->snapshot().book.taken == 48);
    // At its end the pump asks for all of it.
    test.from.end();
    REQUIRE(test.moving->wait_until(soon()));
    CHECK(test.from.committed().at(0) == 50);
    now = test.moving->snapshot();
    CHECK(now.book.line() == "in 50 = indexed 50 + already there 0 + dead 0 + in flight 0");
    CHECK(now.safe_after.count() == 50);
}

TEST_CASE("a batch with rejections of the sink is not taken before its dead letters are durable", "[pump]") {
    auto const refuse = [](std::string_view payload) -> std::optional<std::string> {
        if (payload == "POISON") return "mapping";
        return std::nullopt;
    };
    rig test{{.take_in_flush = true, .stored = {}, .refuse = refuse}, quick(), std::make_unique<shout>()};
    test.from.add(0, {"a", "bad"});
    test.from.add(0, {"poison", "b"});
    test.moving->start();
    REQUIRE(test.to.wait_held(2));
    for (auto const end = soon(); test.to.taken() < 2 && std::chrono::steady_clock::now() < end;)
        std::this_thread::yield();
    CHECK(test.moving->snapshot().book.taken == 2);
    CHECK(test.moving->snapshot().book.in_flight == 2);
    CHECK(test.dead.letters().size() == 1);
    test.from.end();
    REQUIRE(test.moving->wait_until(soon()));
    CHECK(test.dead.letters().size() == 2);
    CHECK(test.moving->snapshot().book.line() == "in 4 = indexed 2 + already there 0 + dead 2 + in flight 0");
    CHECK(test.from.committed().at(0) == 4);
}
