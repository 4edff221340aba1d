#include "core/batch_channel.hpp"

#include "support/catch.hpp"

#include <cstdint>
#include <thread>

using namespace logpipe;

namespace {

batch numbered(std::uint64_t number, std::size_t bytes = 0) {
    batch events;
    events.end_offset = number;
    events.records.assign(bytes, 'x');
    return events;
}

bool push(batch_channel& channel, batch events) {
    return channel.try_push(events);
}

std::uint64_t pop(batch_channel& channel) {
    auto const events = channel.try_pop();
    REQUIRE(events);
    return events->end_offset;
}

}  // namespace

TEST_CASE("batches come out of a channel in the order they went in", "[batch_channel]") {
    batch_channel channel{{}};
    for (std::uint64_t i = 0; i < 3; ++i) REQUIRE(push(channel, numbered(i)));
    for (std::uint64_t i = 0; i < 3; ++i) CHECK(pop(channel) == i);
    CHECK_FALSE(channel.try_pop());
}

TEST_CASE("a channel that is full by count or by bytes leaves the batch to its sender", "[batch_channel]") {
    batch_channel few{{.batches_max = 1}};
    REQUIRE(push(few, numbered(1)));
    auto refused = numbered(2, 100);
    REQUIRE_FALSE(few.try_push(refused));
    CHECK(refused.records.size() == 100);
    CHECK(pop(few) == 1);
    CHECK(few.try_push(refused));

    auto const one_bytes = numbered(1, 100'000).bytes();
    batch_channel small{{.batches_max = 100, .bytes_max = 2 * one_bytes}};
    REQUIRE(push(small, numbered(1, 100'000)));
    REQUIRE(push(small, numbered(2, 10'000)));
    CHECK_FALSE(push(small, numbered(3, 100'000)));
    CHECK(small.count() == 2);
    CHECK(pop(small) == 1);
    CHECK(push(small, numbered(3, 100'000)));
}

TEST_CASE("a batch larger than the channel's bound goes through an empty one", "[batch_channel]") {
    batch_channel channel{{.batches_max = 8, .bytes_max = 10}};
    REQUIRE(push(channel, numbered(1, 100'000)));
    CHECK_FALSE(push(channel, numbered(2)));
    CHECK(pop(channel) == 1);
    CHECK(channel.bytes() == 0);
}

TEST_CASE("a channel without bounds takes all", "[batch_channel]") {
    batch_channel channel{{.batches_max = SIZE_MAX, .bytes_max = SIZE_MAX}};
    for (std::uint64_t i = 0; i < 100; ++i) REQUIRE(push(channel, numbered(i, 1000)));
    CHECK(channel.count() == 100);
}

TEST_CASE("a closed channel takes nothing and gives what it has", "[batch_channel]") {
    batch_channel channel{{}};
    REQUIRE(push(channel, numbered(1)));
    channel.close();
    CHECK_FALSE(push(channel, numbered(2)));
    CHECK(channel.closed());
    CHECK_FALSE(channel.finished());
    CHECK(pop(channel) == 1);
    CHECK(channel.finished());
}

TEST_CASE("what one thread puts into a channel another one takes out whole and once", "[batch_channel]") {
    constexpr std::uint64_t count = 20'000;
    batch_channel channel{{.batches_max = 4}};
    std::jthread const sender{[&] {
        for (std::uint64_t i = 1; i <= count; ++i)
            for (auto events = numbered(i); !channel.try_push(events);) std::this_thread::yield();
        channel.close();
    }};
    std::uint64_t last = 0;
    bool in_order = true;
    while (!channel.finished()) {
        if (auto events = channel.try_pop()) {
            in_order = in_order && events->end_offset == last + 1;
            last = events->end_offset;
        } else {
            std::this_thread::yield();
        }
    }
    CHECK(in_order);
    CHECK(last == count);
}
