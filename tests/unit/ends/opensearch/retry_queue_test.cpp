#include "retry_queue.hpp"

#include "support/catch.hpp"
#include "support/store_events.hpp"

using namespace logpipe;
using namespace logpipe::opensearch;
using namespace logpipe::test;
using namespace std::chrono_literals;

namespace {

steady_time const start = std::chrono::steady_clock::now();
bulk_limits const no_limits{.bytes_max = SIZE_MAX, .events_max = SIZE_MAX};

struct rig {
    pending_batch pending{.events = store_batch(0, 10), .items = 10, .items_left = 10, .gone = {}, .self = {}};

    [[nodiscard]] bulk_item item(std::uint32_t row) { return {.of = &pending, .row = row, .has_newline = false}; }
    [[nodiscard]] retry_entry entry(std::uint32_t row) {
        return {.item = item(row), .reason = {}, .failed_first = {}, .due = {}};
    }
};

}  // namespace

TEST_CASE("what failed alone is due after a wait that doubles", "[retry_queue]") {
    rig all;
    retry_queue queue{{.events_max = 9, .bytes_max = 1 << 20U, .wait_first = 1s, .wait_longest = 3s}};
    CHECK_FALSE(queue.next_due());
    queue.add(all.entry(0), start);
    auto now = start;
    for (auto const wait : {1s, 2s, 3s, 3s}) {
        CHECK(queue.next_due() == now + wait);
        CHECK(queue.take_due(now + wait - 1ms, no_limits).empty());
        now += wait;
        auto due = queue.take_due(now, no_limits);
        REQUIRE(due.size() == 1);
        CHECK(queue.events() == 1);  // while it is being sent
        CHECK(queue.waiting_count() == 0);
        queue.put_back(std::move(due.front()), now);
    }
    queue.forget(queue.take(0));
    CHECK((queue.events() == 0 && queue.bytes() == 0));
}

TEST_CASE("the retry queue is bounded by events and by bytes, and one document always has room", "[retry_queue]") {
    rig all;
    auto const bytes = all.pending.events.events[0].record_bytes + all.pending.events.events[0].document_bytes;
    retry_queue few{{.events_max = 2, .bytes_max = 1 << 20U, .wait_first = 1s, .wait_longest = 1s}};
    retry_queue small{{.events_max = 9, .bytes_max = bytes - 1, .wait_first = 1s, .wait_longest = 1s}};
    for (std::uint32_t i = 0; i < 2; ++i) {
        REQUIRE(few.has_room(all.item(i)));
        few.add(all.entry(i), start);
    }
    CHECK_FALSE(few.has_room(all.item(2)));
    REQUIRE(small.has_room(all.item(0)));
    small.add(all.entry(0), start);
    CHECK(small.bytes() == bytes);
    CHECK_FALSE(small.has_room(all.item(1)));
}

TEST_CASE("as many as a request holds are taken, and one that must be alone is alone", "[retry_queue]") {
    rig all;
    retry_queue queue{{.events_max = 9, .bytes_max = 1 << 20U, .wait_first = 1s, .wait_longest = 1s}};
    for (std::uint32_t i = 0; i < 4; ++i) {
        auto entry = all.entry(i);
        entry.by_itself = i == 1;
        queue.add(std::move(entry), start);
    }
    auto const now = start + 1s;
    CHECK(queue.take_due(now, {.bytes_max = SIZE_MAX, .events_max = 2}).size() == 2);  // 0 and 2
    auto const alone = queue.take_due(now, no_limits);
    REQUIRE(alone.size() == 1);
    CHECK(alone[0].item.row == 1);
    CHECK(queue.take_due(now, {.bytes_max = 1, .events_max = 9}).size() == 1);  // one always goes
    CHECK(queue.take_due(now, no_limits).empty());
}

TEST_CASE("a document is over after enough attempts and enough time, both", "[retry_queue]") {
    retry_queue const queue{{.events_max = 9, .bytes_max = 9, .tries_min = 3, .time_min = 10s}};
    auto const over = [&](std::uint64_t tries, std::chrono::seconds after) {
        retry_entry entry;
        entry.tries = tries;
        entry.failed_first = start;
        return queue.is_over(entry, start + after);
    };
    CHECK(over(3, 10s));
    CHECK_FALSE(over(2, 1000s));
    CHECK_FALSE(over(1000, 9s));
}
