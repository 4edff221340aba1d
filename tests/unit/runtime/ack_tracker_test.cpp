#include "ack_tracker.hpp"

#include "support/catch.hpp"

#include <map>
#include <random>
#include <vector>

using namespace logpipe;
using namespace logpipe::runtime;

namespace {

steady_time const now = std::chrono::steady_clock::now();

event_counts all_indexed(std::uint64_t count) {
    return {.in = count, .indexed = count};
}

}  // namespace

TEST_CASE("a batch that is done behind one that is not moves nothing", "[ack_tracker]") {
    ack_tracker tracker;
    auto const first = tracker.add({.partition = 0, .offset = 10}, 10, now);
    auto const second = tracker.add({.partition = 0, .offset = 15}, 5, now);
    tracker.complete({.partition = 0, .offset = 15}, second, all_indexed(5));
    CHECK_FALSE(tracker.has_progress());
    CHECK(tracker.take_progress().empty());
    tracker.complete({.partition = 0, .offset = 10}, first, all_indexed(10));
    auto const moved = tracker.take_progress();
    REQUIRE(moved.size() == 1);
    CHECK(moved[0].safe == position{.partition = 0, .offset = 15});
    CHECK(moved[0].counts == all_indexed(15));
    CHECK(tracker.outstanding_batches() == 0);
}

TEST_CASE("partitions move on their own", "[ack_tracker]") {
    ack_tracker tracker;
    auto const slow = tracker.add({.partition = 1, .offset = 3}, 3, now);
    auto const fast = tracker.add({.partition = 2, .offset = 4}, 4, now);
    tracker.complete({.partition = 2, .offset = 4}, fast, all_indexed(4));
    auto const moved = tracker.take_progress();
    REQUIRE(moved.size() == 1);
    CHECK(moved[0].safe == position{.partition = 2, .offset = 4});
    tracker.complete({.partition = 1, .offset = 3}, slow, all_indexed(3));
    CHECK(tracker.take_progress().at(0).safe == position{.partition = 1, .offset = 3});
}

TEST_CASE("in any order of completions, what is safe is exactly the contiguous run", "[ack_tracker]") {
    struct sent {
        std::uint64_t sequence, count, end;
        bool taken = false;
        bool done = false;
    };
    for (unsigned seed = 0; seed < 200; ++seed) {
        INFO("seed " << seed);
        std::mt19937 random{seed};
        ack_tracker tracker;
        std::map<std::uint32_t, std::vector<sent>> model;
        std::map<std::uint32_t, std::uint64_t> reported;
        std::uint64_t reported_events = 0;
        for (int step = 0; step < 300; ++step) {
            auto const partition = static_cast<std::uint32_t>(random() % 4);
            auto& batches = model[partition];
            auto const action = random() % 3;
            if (action == 0) {
                std::uint64_t const count = random() % 9;
                // Offsets may have gaps: a batch covers those before it.
                auto const end = (batches.empty() ? 0 : batches.back().end) + count + random() % 3;
                batches.push_back({tracker.add({.partition = partition, .offset = end}, count, now), count, end});
            } else if (!batches.empty()) {
                auto& chosen = batches[random() % batches.size()];
                if (chosen.done || (chosen.taken && action == 1)) continue;
                if (action == 1) {
                    chosen.taken = true;
                    REQUIRE(tracker.take(partition, chosen.sequence, chosen.count, 0));
                } else {
                    chosen.done = true;
                    tracker.complete({.partition = partition, .offset = chosen.end}, chosen.sequence,
                                     all_indexed(chosen.count));
                }
            }
            if (random() % 3 == 0) {
                for (auto const& each : tracker.take_progress()) {
                    reported[each.safe.partition] = each.safe.offset;
                    reported_events += each.counts.in;
                }
                std::uint64_t safe_events = 0;
                std::uint64_t open_events = 0;
                std::uint64_t taken_events = 0;
                for (auto const& [number, all] : model) {
                    std::uint64_t safe = 0;
                    bool contiguous = true;
                    for (auto const& each : all) {
                        contiguous = contiguous && each.done;
                        if (contiguous) safe = each.end;
                        if (contiguous) safe_events += each.count;
                        if (!each.done) (each.taken ? taken_events : open_events) += each.count;
                    }
                    REQUIRE(reported[number] == safe);
                }
                REQUIRE(reported_events == safe_events);
                REQUIRE(tracker.in_flight_events() == open_events);
                REQUIRE(tracker.taken_events() == taken_events);
            }
        }
    }
}

TEST_CASE("a partition that was taken away and comes back under a new number is not moved by late completions",
          "[ack_tracker]") {
    ack_tracker tracker;
    auto const before = tracker.add({.partition = 1, .offset = 10}, 10, now);
    auto const after = tracker.add({.partition = 2, .offset = 4}, 4, now);
    tracker.complete({.partition = 1, .offset = 10}, before, all_indexed(10));
    auto const moved = tracker.take_progress();
    REQUIRE(moved.size() == 1);
    CHECK(moved[0].safe.partition == 1);
    tracker.complete({.partition = 2, .offset = 4}, after, all_indexed(4));
    CHECK(tracker.take_progress().at(0).safe == position{.partition = 2, .offset = 4});
}

TEST_CASE("the oldest batch that is not safe gives the age", "[ack_tracker]") {
    ack_tracker tracker;
    CHECK(tracker.oldest(now) == now);
    auto const first = tracker.add({.partition = 0, .offset = 1}, 1, now - std::chrono::seconds{5});
    tracker.add({.partition = 0, .offset = 2}, 1, now - std::chrono::seconds{2});
    CHECK(tracker.oldest(now) == now - std::chrono::seconds{5});
    tracker.complete({.partition = 0, .offset = 1}, first, all_indexed(1));
    CHECK(tracker.oldest(now) == now - std::chrono::seconds{2});
}

TEST_CASE("a batch that comes back in parts is safe with its last one", "[ack_tracker]") {
    ack_tracker tracker;
    auto const first = tracker.add({.partition = 0, .offset = 10}, 10, now);
    auto const second = tracker.add({.partition = 0, .offset = 12}, 2, now);
    tracker.complete({.partition = 0, .offset = 10}, first, all_indexed(9));
    tracker.complete({.partition = 0, .offset = 12}, second, all_indexed(2));
    CHECK(tracker.take_progress().empty());
    CHECK(tracker.in_flight_events() == 1);
    CHECK(tracker.outstanding_batches() == 1);
    tracker.complete({.partition = 0, .offset = 10}, first, {.in = 1, .dead = 1});
    auto const moved = tracker.take_progress();
    REQUIRE(moved.size() == 1);
    CHECK(moved[0].safe.offset == 12);
    CHECK(moved[0].counts == event_counts{.in = 12, .indexed = 11, .dead = 1});
    CHECK(tracker.in_flight_events() == 0);
}

TEST_CASE("a batch that is taken is no longer in flight, and moves nothing before it is safe", "[ack_tracker]") {
    ack_tracker tracker;
    auto const first = tracker.add({.partition = 0, .offset = 10}, 10, now);
    REQUIRE(tracker.take(0, first, 10, 1234));
    CHECK(tracker.in_flight_events() == 0);
    CHECK(tracker.taken_events() == 10);
    CHECK(tracker.outstanding_batches() == 1);
    CHECK(tracker.take_progress().empty());
    auto const known = tracker.complete({.partition = 0, .offset = 10}, first, all_indexed(10));
    CHECK(known.received_ns == 1234);
    CHECK(known.read_at == now);
    CHECK(tracker.take_progress().at(0).safe.offset == 10);
    CHECK(tracker.taken_events() == 0);
    CHECK(tracker.outstanding_batches() == 0);
}

TEST_CASE("a part of a batch is not taken", "[ack_tracker]") {
    ack_tracker tracker;
    auto const first = tracker.add({.partition = 0, .offset = 10}, 10, now);
    CHECK_FALSE(tracker.take(0, first, 9, 0));
    CHECK(tracker.in_flight_events() == 10);
}

TEST_CASE("what is taken and not safe is kept as ranges, not as batches", "[ack_tracker]") {
    ack_tracker tracker;
    std::vector<std::uint64_t> sequences;
    // Ten seconds of a thousand batches each.
    for (std::uint64_t i = 0; i < 10'000; ++i) {
        sequences.push_back(tracker.add({.partition = 0, .offset = i + 1}, 1, now + std::chrono::milliseconds{i}));
        REQUIRE(tracker.take(0, sequences.back(), 1, 0));
    }
    CHECK(tracker.ranges() <= 11);
    CHECK(tracker.oldest(now + std::chrono::seconds{20}) == now);
    // A sink that makes the newer half safe first.
    for (std::uint64_t i = 5'000; i < 10'000; ++i)
        tracker.complete({.partition = 0, .offset = i + 1}, sequences[i], all_indexed(1));
    CHECK(tracker.take_progress().empty());
    CHECK(tracker.ranges() <= 11);
    for (std::uint64_t i = 0; i < 5'000; ++i)
        tracker.complete({.partition = 0, .offset = i + 1}, sequences[i], all_indexed(1));
    auto const moved = tracker.take_progress();
    REQUIRE(moved.size() == 1);
    CHECK(moved[0].safe.offset == 10'000);
    CHECK(moved[0].counts == all_indexed(10'000));
    CHECK(tracker.ranges() == 0);
}

TEST_CASE("the age of what is taken is right within a second", "[ack_tracker]") {
    ack_tracker tracker;
    std::vector<std::uint64_t> sequences;
    for (std::uint64_t i = 0; i < 100; ++i) {
        sequences.push_back(
            tracker.add({.partition = 0, .offset = i + 1}, 1, now + std::chrono::milliseconds{100 * i}));
        REQUIRE(tracker.take(0, sequences.back(), 1, 0));
    }
    for (std::uint64_t i = 0; i < 99; ++i) {
        tracker.complete({.partition = 0, .offset = i + 1}, sequences[i], all_indexed(1));
        auto const read_at = now + std::chrono::milliseconds{100 * (i + 1)};
        auto const oldest = tracker.oldest(now + std::chrono::hours{1});
        REQUIRE(oldest <= read_at);
        REQUIRE(read_at - oldest <= ack_tracker::range_span_max);
    }
}
