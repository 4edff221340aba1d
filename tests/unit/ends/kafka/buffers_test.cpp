#include "group_positions.hpp"
#include "intake.hpp"
#include "sent_batches.hpp"
#include "support/catch.hpp"
#include "support/kafka_ends.hpp"

using namespace logpipe;
using namespace logpipe::kafka;
using namespace logpipe::test;

TEST_CASE("a batch is done with its last message, and says which were rejected", "[kafka]") {
    sent_batches sent{1 << 20};
    auto events = numbered_events(0, 3);
    auto const slot = sent.begin_sending(events, 3, 24);
    REQUIRE(slot.has_value());
    REQUIRE(sent.count() == 1);
    REQUIRE(sent.add_bytes(*slot, 24));
    REQUIRE(sent.bytes() == 24);
    REQUIRE(!sent.acknowledge(*slot, 2));
    sent.reject(tag_of(*slot, 1), "too large");
    REQUIRE(!sent.acknowledge(*slot, 1));
    auto const done = sent.end_sending(*slot);
    REQUIRE(done);
    REQUIRE(done->counts.indexed == 2);
    REQUIRE(done->rejections.size() == 1);
    REQUIRE(done->rejections.front().event == 1);
    REQUIRE(done->events[1].rejected);
    REQUIRE(sent.count() == 0);
    REQUIRE(sent.bytes() == 0);
}

TEST_CASE("a message's tag is never 0 and identifies it", "[kafka]") {
    for (std::uint32_t const slot : {0U, 5U, 1023U})
        for (std::uint32_t const event : {0U, 7U, 0xffff'ffffU}) {
            auto const tag = tag_of(slot, event);
            REQUIRE(static_cast<std::uint64_t>(tag) != 0);
            REQUIRE(slot_of(tag) == slot);
            REQUIRE(event_of(tag) == event);
        }
}

TEST_CASE("sending waits while unacknowledged messages fill the bound", "[kafka]") {
    sent_batches sent{100};
    auto large = numbered_events(0, 10);
    auto const first = sent.begin_sending(large, 10, 1000);
    REQUIRE(first.has_value());
    REQUIRE(!sent.is_full());
    REQUIRE(sent.add_bytes(*first, 90));
    REQUIRE(!sent.is_full());
    REQUIRE(sent.add_bytes(*first, 910));  // the last portion goes over it
    REQUIRE(sent.is_full());
    REQUIRE(!sent.acknowledge(*first, 9));
    REQUIRE(sent.bytes() == 100);
    REQUIRE(sent.is_full());
    auto next = numbered_events(10, 1);
    std::atomic<bool> acknowledged{false};
    std::jthread const broker{[&] {
        acknowledged = true;
        (void)sent.acknowledge(*first, 1);
    }};
    auto const second = sent.begin_sending(next, 1, 10);
    REQUIRE(second.has_value());
    REQUIRE(acknowledged);
    REQUIRE(sent.count() == 2);
    REQUIRE(sent.end_sending(*first));
    REQUIRE(sent.count() == 1);
    REQUIRE(sent.bytes() == 0);
}

TEST_CASE("a portion waits for those before it, or for the table to be cancelled", "[kafka]") {
    sent_batches sent{100};
    auto events = numbered_events(0, 10);
    auto const slot = sent.begin_sending(events, 10, 1000);
    REQUIRE(sent.add_bytes(*slot, 500));
    {
        std::atomic<bool> acknowledged{false};
        std::jthread const broker{[&] {
            acknowledged = true;
            REQUIRE(!sent.acknowledge(*slot, 5));
        }};
        REQUIRE(sent.add_bytes(*slot, 500));
        REQUIRE(acknowledged);
    }
    std::jthread const other{[&] { sent.cancel(); }};
    REQUIRE(!sent.add_bytes(*slot, 1));
}

TEST_CASE("a paused table takes nothing until it is resumed or cancelled", "[kafka]") {
    sent_batches sent{100};
    sent.pause(true);
    auto events = numbered_events(0, 1);
    {
        std::atomic<bool> resumed{false};
        std::jthread const other{[&] {
            resumed = true;
            sent.pause(false);
        }};
        REQUIRE(sent.begin_sending(events, 1, 1).has_value());
        REQUIRE(resumed);
    }
    sent.pause(true);
    auto more = numbered_events(1, 1);
    std::jthread const other{[&] { sent.cancel(); }};
    auto const failed = sent.begin_sending(more, 1, 1);
    REQUIRE(failed.has_error());
    REQUIRE(failed.error().code == errc::cancelled);
    REQUIRE(more.events.size() == 1);
}

TEST_CASE("the intake gives each assignment's events in order, a batch never mixes two", "[kafka]") {
    intake into{1 << 20};
    for (int i = 0; i < 3; ++i) {
        intake::filling filling{into};
        for (std::uint32_t const number : {1U, 2U}) {
            auto& events = filling.of(number, "origin");
            events.append(events.tag_index("t"), {}, 0, fmt::format("{}-{}", number, i));
        }
    }
    batch got;
    REQUIRE(into.take(got, in_time()) == intake::taken::events);
    REQUIRE(got.partition == 1);
    REQUIRE(got.origin == "origin");
    REQUIRE(got.records == "1-01-11-2");
    batch second;
    REQUIRE(into.take(second, in_time()) == intake::taken::events);
    REQUIRE(second.records == "2-02-12-2");
    into.wake();
    batch third;
    REQUIRE(into.take(third, in_time()) == intake::taken::nothing);
    into.close();
    REQUIRE(into.take(third, in_time()) == intake::taken::closed_and_empty);
}

TEST_CASE("an intake is full by its bytes, a full batch of an assignment comes before its open one", "[kafka]") {
    intake into{2 * batch::bytes_target};
    std::string const record(batch::bytes_target / 2, 'x');
    for (int i = 0; i < 5; ++i) {
        intake::filling filling{into};
        auto& events = filling.of(1, "");
        events.append(events.tag_index("t"), {}, 0, record).offset = static_cast<std::uint64_t>(i);
    }
    REQUIRE(into.full());
    std::vector<std::uint64_t> offsets;
    while (offsets.size() < 5) {
        batch got;
        REQUIRE(into.take(got, in_time()) == intake::taken::events);
        for (auto const& row : got.events) offsets.push_back(row.offset);
    }
    REQUIRE(offsets == std::vector<std::uint64_t>{0, 1, 2, 3, 4});
    REQUIRE(into.bytes() == 0);
}

namespace {

void commit(group_positions& positions, std::uint32_t number, std::uint64_t offset, event_counts const& counts) {
    progress const safe{.safe = {.partition = number, .offset = offset}, .counts = counts};
    positions.commit({&safe, 1});
}

}  // namespace

TEST_CASE("a position moves with the counts, and past tombstones only when all before them is safe", "[kafka]") {
    group_positions positions;
    auto const number =
        positions.assign(4, 100, commit_metadata{.counted_from = 90, .counts = {.in = 10, .indexed = 10}});
    REQUIRE(positions.due().empty());
    std::vector<group_positions::passed_mark> const marks{{.end = 110, .passed = {.tombstones = 5}}};
    positions.saw(number, 105, 110, marks);  // five events, five tombstones
    REQUIRE(positions.passed() == passed_offsets{.tombstones = 5});
    REQUIRE(positions.due().empty());
    REQUIRE(!positions.drained(number));
    commit(positions, number, 102, {.in = 2, .indexed = 1, .dead = 1});
    auto due = positions.due();
    REQUIRE(due.size() == 1);
    REQUIRE(due.front().partition == 4);
    REQUIRE(due.front().offset == 102);
    REQUIRE(due.front().metadata == "lp2 90 12 11 0 1 0 0 0");
    positions.committed(4, 102);
    REQUIRE(positions.due().empty());
    commit(positions, number, 105, {.in = 3, .duplicates = 3});
    REQUIRE(positions.drained(number));
    due = positions.due();
    REQUIRE(due.front().offset == 110);
    REQUIRE(due.front().metadata == "lp2 90 15 11 3 1 5 0 0");
}

TEST_CASE("what was passed over is committed with the position after it, and with no earlier one", "[kafka]") {
    group_positions positions;
    commit_metadata const found{.counted_from = 0, .counts = {.in = 6, .indexed = 6}, .passed = {.gaps = 4}};
    auto const number = positions.assign(0, 10, found);
    // Offsets: expired 10 to 19, events 20 and 21, a tombstone 22, a gap 23 and 24, event 25, a gap 26.
    std::vector<group_positions::passed_mark> const first{{.end = 20, .passed = {.expired = 10}},
                                                          {.end = 23, .passed = {.tombstones = 1, .expired = 10}}};
    positions.saw(number, 22, 23, first);
    std::vector<group_positions::passed_mark> const second{
        {.end = 25, .passed = {.tombstones = 1, .gaps = 2, .expired = 10}},
        {.end = 27, .passed = {.tombstones = 1, .gaps = 3, .expired = 10}}};
    positions.saw(number, 26, 27, second);
    REQUIRE(positions.passed() == passed_offsets{.tombstones = 1, .gaps = 7, .expired = 10});
    commit(positions, number, 21, {.in = 1, .indexed = 1});
    REQUIRE(positions.due().front().metadata == "lp2 0 7 7 0 0 0 4 10");
    commit(positions, number, 22, {.in = 1, .indexed = 1});
    REQUIRE(positions.due().front().metadata == "lp2 0 8 8 0 0 0 4 10");
    REQUIRE(positions.due().front().offset == 22);
    commit(positions, number, 26, {.in = 1, .indexed = 1});
    REQUIRE(positions.due().front().offset == 27);
    REQUIRE(positions.due().front().metadata == "lp2 0 9 9 0 0 1 7 10");
    REQUIRE(positions.passed() == passed_offsets{.tombstones = 1, .gaps = 7, .expired = 10});
    positions.release(number);
    REQUIRE(positions.passed() == passed_offsets{});
}

TEST_CASE("a start that was not committed before becomes the group's position by itself", "[kafka]") {
    group_positions positions;
    (void)positions.assign(0, 50, std::nullopt);
    REQUIRE(positions.due().size() == 1);
    REQUIRE(positions.due().front().offset == 50);
    REQUIRE(positions.due().front().metadata == "lp2 50 0 0 0 0 0 0 0");
}

TEST_CASE("what was counted of returned partitions is not counted twice, also where it completes late", "[kafka]") {
    group_positions positions;
    auto const stays = positions.assign(0, 0, commit_metadata{.counts = {.in = 7, .indexed = 7}});
    auto const leaves = positions.assign(1, 0, commit_metadata{.counts = {.in = 3, .indexed = 3}});
    REQUIRE(positions.counted() == event_counts{.in = 10, .indexed = 10});
    positions.saw(stays, 5, 5, {});
    positions.saw(leaves, 4, 4, {});
    commit(positions, stays, 5, {.in = 5, .indexed = 5});
    commit(positions, leaves, 2, {.in = 2, .indexed = 2});
    positions.release(leaves);
    commit(positions, leaves, 4, {.in = 2, .indexed = 2});
    // This process has counted 9; with that, the group's share is what partition 0 has: 12.
    auto share = positions.counted();
    share += event_counts{.in = 9, .indexed = 9};
    REQUIRE(share == event_counts{.in = 12, .indexed = 12});
    REQUIRE(positions.due().size() == 1);
    REQUIRE(positions.assign(1, 4, std::nullopt) > leaves);
}
