#include "bulk_queue.hpp"

#include "support/catch.hpp"
#include "support/looking.hpp"
#include "support/store_events.hpp"

#include <atomic>
#include <chrono>
#include <thread>

using namespace logpipe;
using namespace logpipe::opensearch;
using namespace logpipe::test;

namespace {

bulk_limits const no_limits{.bytes_max = SIZE_MAX, .events_max = SIZE_MAX};

}  // namespace

TEST_CASE("what waits is taken once flush() was called, and not before", "[bulk_queue]") {
    bulk_queue queue{2};
    queue.flush();  // of nothing: it does not send what comes later
    auto events = store_batch(0, 3);
    REQUIRE(queue.add(events, no_limits, false).has_value());
    CHECK_FALSE(queue.take());
    queue.flush();
    auto const request = queue.take();
    REQUIRE(request);
    CHECK(request->items().size() == 3);
    CHECK_FALSE(queue.take());
}

TEST_CASE("a flush is not forgotten while another batch is added", "[bulk_queue]") {
    bulk_queue queue{2};
    std::atomic<std::uint64_t> taken{0};
    std::jthread network{[&](std::stop_token const& stop) {
        while (!stop.stop_requested()) {
            if (queue.take()) ++taken;
            std::this_thread::sleep_for(std::chrono::microseconds{20});  // some rounds meet it amid add()
        }
    }};
    for (std::uint64_t round = 1; round <= 200; ++round) {
        auto events = store_batch(round, round + 1);
        REQUIRE(queue.add(events, no_limits, false).has_value());
        queue.flush();
        batch nothing;
        for (std::uint64_t i = 0; i < 3000; ++i) nothing.append(nothing.tag_index("app"), store_id(i), 0, "[1]");
        REQUIRE(queue.add(nothing, no_limits, false).has_value());
        REQUIRE(comes_true([&] { return taken == round; }));
    }
}
