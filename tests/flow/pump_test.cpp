// The pump between ends in memory: acknowledgement, wake-ups, retry, dead letters, revoke, drain.
#include "pump_rig.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <random>
#include <thread>

using namespace logpipe;
using namespace logpipe::runtime;
using namespace logpipe::test;
using namespace std::chrono_literals;

TEST_CASE("all that the source gives arrives in order and is committed at its end", "[pump]") {
    rig test;
    test.from.add(0, {"a", "b"});
    test.from.add(0, {"c"});
    test.from.end();
    test.moving->start();
    REQUIRE(test.moving->wait_until(soon()));
    CHECK_FALSE(test.moving->failure());
    CHECK(test.to.payloads() == std::vector<std::string>{"a", "b", "c"});
    CHECK(test.from.committed().at(0) == 3);
    auto const book = test.moving->snapshot().book;
    CHECK(book.line() == "in 3 = indexed 3 + already there 0 + dead 0 + in flight 0");
    CHECK(book.difference() == 0);
}

TEST_CASE("a completion is committed without waiting for the next batch", "[pump]") {
    rig test{by_hand()};
    test.moving->start();
    for (std::uint64_t chunk = 1; chunk <= 20; ++chunk) {
        // A client with one chunk in flight: it sends the next only after the ack of the last.
        auto const began = std::chrono::steady_clock::now();
        test.from.add(0, {"one"});
        REQUIRE(test.to.wait_held(1));
        test.to.finish(0);
        REQUIRE(test.from.wait_committed(0, chunk));
        // The source waits a second at a time: were the ack to wait for that, twenty would take twenty seconds.
        REQUIRE(std::chrono::steady_clock::now() - began < 900ms);
    }
}

TEST_CASE("completions out of order commit the contiguous run only", "[pump]") {
    rig test{by_hand()};
    test.from.add(0, {"a"});
    test.from.add(0, {"b"});
    test.from.add(7, {"x", "y"});
    test.moving->start();
    REQUIRE(test.to.wait_held(3));
    test.to.finish(2);
    REQUIRE(test.from.wait_committed(7, 2));
    test.to.finish(1);
    CHECK(test.moving->snapshot().book.in_flight == 1);
    CHECK_FALSE(test.from.committed().contains(0));
    test.to.finish(0);
    REQUIRE(test.from.wait_committed(0, 2));
}

TEST_CASE("a sink that finishes on flush is flushed as soon as there is nothing more to write", "[pump]") {
    rig test{{.finish_in_flush = true, .stored = {}, .refuse = {}}};
    test.moving->start();
    test.from.add(0, {"a"});
    REQUIRE(test.from.wait_committed(0, 1));
    CHECK(test.to.flushes() >= 1);
}

TEST_CASE("each stage's failures are tried again until they pass", "[pump]") {
    rig test;
    test.from.fail_open({errc::not_connected, "no source yet"});
    test.to.fail_open({errc::not_connected, "no sink yet"});
    test.to.fail_write({errc::storage_full, "full"});
    test.to.fail_write({errc::not_connected, "gone"});
    test.to.fail_flush({errc::storage_failed, "disk"});
    test.from.fail_commit({errc::storage_failed, "no cursor"});
    test.from.add(0, {"a"});
    test.moving->start();
    REQUIRE(test.from.wait_committed(0, 1));
    test.from.fail_read({errc::not_connected, "cut"});
    test.from.add(0, {"b"});
    REQUIRE(test.from.wait_committed(0, 2));
    CHECK(test.to.payloads() == std::vector<std::string>{"a", "b"});
    CHECK(test.from.committed_counts() == event_counts{.in = 2, .indexed = 2});
    CHECK(test.moving->snapshot().retries >= 6);
}

TEST_CASE("a stage that is down says why until it works again", "[pump]") {
    rig test{{.finish_in_write = true, .stored = {}, .refuse = {}},
             {.name = "test", .retry_first = 1ms, .retry_longest = 1ms}};
    for (int i = 0; i < 300; ++i) test.to.fail_write({errc::storage_full, "the disk is full"});
    test.from.add(0, {"a"});
    test.moving->start();
    bool told = false;
    for (auto const end = soon(); !told && std::chrono::steady_clock::now() < end;) {
        auto const stages = test.moving->snapshot().stages;
        told = !stages.back().up && stages.back().reason == "the disk is full";
    }
    CHECK(told);
    REQUIRE(test.from.wait_committed(0, 1));
    for (auto const end = soon();
         !test.moving->snapshot().stages.back().up && std::chrono::steady_clock::now() < end;) {
    }
    CHECK(test.moving->snapshot().stages.back().up);
}

TEST_CASE("what the transform rejects is durable in the dead letters before the position moves", "[pump]") {
    rig test{{.finish_in_write = true, .stored = {}, .refuse = {}}, quick(), std::make_unique<shout>()};
    test.dead.fail({errc::storage_full, "no room for the dead"});
    test.from.add(0, {"a", "bad", "c"});
    test.from.end();
    test.moving->start();
    REQUIRE(test.moving->wait_until(soon()));
    CHECK(test.to.payloads() == std::vector<std::string>{"A", "C"});
    auto const letters = test.dead.letters();
    REQUIRE(letters.size() == 1);
    CHECK(letters[0].record == "bad");
    CHECK(letters[0].stage == "shout");
    CHECK(letters[0].origin == "memory offset 1");
    CHECK(test.from.committed_counts() == event_counts{.in = 3, .indexed = 2, .dead = 1});
}

TEST_CASE("what the sink refuses goes to the dead letters, and the rest is safe", "[pump]") {
    auto const refuse = [](std::string_view payload) -> std::optional<std::string> {
        if (payload == "poison") return "mapping";
        return std::nullopt;
    };
    rig test{{.finish_in_flush = true, .stored = {}, .refuse = refuse}};
    test.from.add(0, {"a", "poison"});
    test.from.add(0, {"poison", "b"});
    test.from.end();
    test.moving->start();
    REQUIRE(test.moving->wait_until(soon()));
    CHECK(test.dead.letters().size() == 2);
    CHECK(test.moving->snapshot().book.line() == "in 4 = indexed 2 + already there 0 + dead 2 + in flight 0");
}

TEST_CASE("a batch that the sink rejects as a whole goes to the dead letters and does not block the next", "[pump]") {
    rig test;
    test.to.fail_write({errc::rejected, "never"});
    test.from.add(0, {"a", "b"});
    test.from.add(0, {"c"});
    test.from.end();
    test.moving->start();
    REQUIRE(test.moving->wait_until(soon()));
    CHECK(test.to.payloads() == std::vector<std::string>{"c"});
    CHECK(test.dead.letters().size() == 2);
    CHECK(test.from.committed().at(0) == 3);
}

TEST_CASE("a sink that stores positions decides where the source starts and what was counted", "[pump]") {
    progress const stored{.safe = {.partition = 0, .offset = 40}, .counts = {.in = 40, .indexed = 39, .dead = 1}};
    rig test{{.finish_in_write = true, .stored = std::vector{stored}, .refuse = {}}};
    test.from.add(0, {"a"});
    test.from.end();
    test.moving->start();
    REQUIRE(test.moving->wait_until(soon()));
    CHECK(test.from.sought() == std::vector{stored.safe});
    CHECK_FALSE(test.from.sought_oldest());
    CHECK(test.moving->snapshot().book.line() == "in 41 = indexed 40 + already there 0 + dead 1 + in flight 0");
}

TEST_CASE("a sink that stores positions and has none of the source makes it start with the oldest", "[pump]") {
    rig test{{.finish_in_write = true, .stored = std::vector<progress>{}, .refuse = {}}};
    test.from.add(0, {"a"});
    test.from.end();
    test.moving->start();
    REQUIRE(test.moving->wait_until(soon()));
    CHECK(test.from.sought_oldest());
    CHECK(test.from.sought().empty());
}

TEST_CASE("stop drains what was taken in and commits it", "[pump]") {
    rig test{by_hand()};
    test.from.add(0, {"a"});
    test.from.add(0, {"b"});
    test.moving->start();
    REQUIRE(test.to.wait_held(2));
    test.moving->stop();
    CHECK_FALSE(test.moving->wait_until(std::chrono::steady_clock::now() + 50ms));
    test.to.finish(0);
    test.to.finish(0);
    REQUIRE(test.moving->wait_until(soon()));
    CHECK_FALSE(test.moving->failure());
    CHECK(test.from.committed().at(0) == 2);
}

TEST_CASE("abandon gives up what is in flight and says so", "[pump]") {
    rig test{by_hand()};
    test.from.add(0, {"a"});
    test.moving->start();
    REQUIRE(test.to.wait_held(1));
    test.moving->stop();
    test.moving->abandon();
    REQUIRE(test.moving->wait_until(soon()));
    REQUIRE(test.moving->failure());
    CHECK(test.moving->failure()->code == errc::cancelled);
    CHECK(test.moving->snapshot().book.in_flight == 1);
    CHECK(test.from.committed().empty());
}

TEST_CASE("a pump is not up before both its ends were opened", "[pump]") {
    rig test;
    auto const before = test.moving->snapshot();
    CHECK_FALSE(before.started);
    CHECK_FALSE(before.stages.back().up);
    test.moving->start();
    test.from.add(0, {"a"});
    REQUIRE(test.from.wait_committed(0, 1));
    auto const after = test.moving->snapshot();
    CHECK(after.started);
    CHECK(after.stages.back().up);
}

TEST_CASE("a pump whose sink cannot be opened tells what waits in its source and what that has counted", "[pump]") {
    rig test;
    for (int i = 0; i < 100'000; ++i) test.to.fail_open({errc::not_connected, "nobody is there"});
    test.from.count_before({.in = 40, .indexed = 30, .duplicates = 9, .dead = 1});
    test.from.add(0, {"a", "b"});
    test.from.add(1, {"c"});
    CHECK_FALSE(test.moving->snapshot().source_known);
    test.moving->start();
    auto now = test.moving->snapshot();
    for (auto const end = soon(); !now.source_known && std::chrono::steady_clock::now() < end;)
        now = test.moving->snapshot();
    CHECK(now.source_known);
    CHECK_FALSE(now.started);
    CHECK(now.backlog == 3);
    CHECK(waiting_events(now) == 3);
    CHECK(now.book.line() == "in 40 = indexed 30 + already there 9 + dead 1 + in flight 0");
    test.from.add(1, {"d"});
    CHECK(test.moving->snapshot().backlog == 4);
}

TEST_CASE("a pump that is given up before its sink could be opened has failed", "[pump]") {
    rig test;
    for (int i = 0; i < 100'000; ++i) test.to.fail_open({errc::not_connected, "nobody is there"});
    test.from.add(0, {"a"});
    test.moving->start();
    for (auto const end = soon(); test.moving->snapshot().stages.back().up && std::chrono::steady_clock::now() < end;) {
    }
    test.moving->abandon();
    REQUIRE(test.moving->wait_until(soon()));
    REQUIRE(test.moving->failure());
    CHECK(test.moving->failure()->code == errc::cancelled);
}

TEST_CASE("a sink that knows that there is no use in going on ends the pump", "[pump]") {
    rig test;
    test.to.fail_write({errc::cancelled, "the reader left"});
    test.from.add(0, {"a"});
    test.moving->start();
    REQUIRE(test.moving->wait_until(soon()));
    REQUIRE(test.moving->failure());
    CHECK(test.moving->failure()->message == "the reader left");
}

TEST_CASE("a source whose failure is final ends the pump with its words", "[pump]") {
    auto options = quick();
    options.source_failure_is_final = true;
    rig test{{.finish_in_write = true, .stored = {}, .refuse = {}}, options};
    test.from.add(0, {"a"});
    test.moving->start();
    REQUIRE(test.from.wait_committed(0, 1));
    test.from.fail_read({errc::not_found, "404"});
    REQUIRE(test.moving->wait_until(soon()));
    REQUIRE(test.moving->failure());
    CHECK(test.moving->failure()->message == "404");
}

TEST_CASE("a full pipeline makes the source wait, and completions are still committed", "[pump]") {
    auto options = quick();
    options.queue_batches_max = 2;
    options.in_flight_bytes_max = 2 * (sizeof(event) + 40) + 1;
    rig test{by_hand(), options};
    for (int i = 0; i < 50; ++i) test.from.add(0, {std::string(40, 'x')});
    test.moving->start();
    REQUIRE(test.to.wait_held(3));
    CHECK_FALSE(test.moving->wait_until(std::chrono::steady_clock::now() + 50ms));
    CHECK(test.moving->snapshot().this_run.in <= 3);
    for (std::uint64_t i = 1; i <= 50; ++i) {
        REQUIRE(test.to.wait_held(1));
        test.to.finish(0);
        REQUIRE(test.from.wait_committed(0, i));
    }
}

TEST_CASE("an event that waits apart holds the position, and not the room of its batch", "[pump]") {
    auto options = quick();
    options.in_flight_bytes_max = 100;
    rig test{by_hand(), options, std::make_unique<shout>()};
    test.from.add(0, {"bad", std::string(60, 'a'), std::string(60, 'b'), "c"});
    test.from.add(0, {"d"});
    test.moving->start();
    REQUIRE(test.to.wait_held(1));
    CHECK_FALSE(test.moving->wait_until(std::chrono::steady_clock::now() + 20ms));
    REQUIRE(test.to.held() == 1);
    test.to.set_apart(0, 2);
    CHECK(test.moving->snapshot().book.in_flight == 4);
    test.to.finish(0);
    REQUIRE(test.to.wait_held(2));  // the next one has room
    CHECK(test.moving->snapshot().in_flight_bytes == sizeof(event) + 2);
    test.to.finish(1);
    CHECK(test.moving->snapshot().book.in_flight == 1);
    CHECK(test.from.committed_counts().in == 0);
    test.to.finish(0);
    REQUIRE(test.from.wait_committed(0, 5));
    CHECK(test.from.committed_counts() == event_counts{.in = 5, .indexed = 4, .dead = 1});
    CHECK(test.to.payloads() == std::vector<std::string>{std::string(60, 'A'), "C", "D", std::string(60, 'B')});
    CHECK(test.dead.letters().size() == 1);
}

TEST_CASE("under random failures and orders every event is accounted for exactly once", "[pump]") {
    for (unsigned seed = 0; seed < 20; ++seed) {
        INFO("seed " << seed);
        std::mt19937 random{seed};
        auto options = quick();
        options.queue_batches_max = 1 + random() % 4;
        options.in_flight_bytes_max = 50 + random() % 500;
        rig test{by_hand(), options, std::make_unique<shout>()};
        std::uint64_t events = 0;
        std::map<std::uint32_t, std::uint64_t> ends;
        for (int i = 0; i < 60; ++i) {
            auto const partition = static_cast<std::uint32_t>(random() % 3);
            std::vector<std::string> records(1 + random() % 5, "abc");
            if (random() % 10 == 0) records.front() = "bad";
            events += records.size();
            ends[partition] += records.size();
            test.from.add(partition, records);
            if (random() % 8 == 0) test.to.fail_write({errc::not_connected, "gone"});
            if (random() % 8 == 0) test.from.fail_commit({errc::storage_failed, "no"});
            if (random() % 16 == 0) test.from.fail_read({errc::timed_out, "late"});
        }
        test.from.end();
        test.moving->start();
        while (!test.moving->wait_until(std::chrono::steady_clock::now() + 1ms))
            if (auto const held = test.to.held(); held > 0) test.to.finish(random() % held);
        CHECK_FALSE(test.moving->failure());
        auto const book = test.moving->snapshot().book;
        CHECK(book.counts.in == events);
        CHECK(book.difference() == 0);
        CHECK(book.in_flight == 0);
        CHECK(test.to.payloads().size() + test.dead.letters().size() == events);
        CHECK(test.from.committed_counts().in <= events);
        for (auto const& [partition, end] : ends) CHECK(test.from.committed().at(partition) == end);
    }
}
