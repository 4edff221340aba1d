#include "core/bounded_queue.hpp"

#include "support/catch.hpp"

#include <memory>
#include <thread>

using namespace logpipe;
using namespace std::chrono_literals;

namespace {

auto soon() {
    return std::chrono::steady_clock::now() + 60s;
}

}  // namespace

TEST_CASE("values come out in order, with counts and bytes on the way", "[bounded_queue]") {
    bounded_queue<int> queue{{.count_max = 8, .bytes_max = 100}};
    for (int i = 0; i < 3; ++i) REQUIRE(queue.push(i, 10));
    REQUIRE(queue.count() == 3);
    REQUIRE(queue.bytes() == 30);
    REQUIRE(queue.pop(soon()) == 0);
    REQUIRE(queue.try_pop() == 1);
    REQUIRE(queue.pop(soon()) == 2);
    REQUIRE(queue.bytes() == 0);
    REQUIRE(!queue.try_pop());
    REQUIRE(!queue.pop(std::chrono::steady_clock::now()));
}

TEST_CASE("a full queue makes the sender wait, by count or by bytes", "[bounded_queue]") {
    queue_bounds bounds{.count_max = 2, .bytes_max = 100};
    std::size_t bytes = 1;
    SECTION("count") {}
    SECTION("bytes") {
        bounds = {.count_max = 100, .bytes_max = 100};
        bytes = 50;
    }
    bounded_queue<int> queue{bounds};
    std::jthread const sender{[&] {
        for (int i = 0; i < 1'000; ++i) queue.push(i, bytes);
        queue.close();
    }};
    int next = 0;
    while (auto const got = queue.pop(soon())) {
        REQUIRE(queue.count() <= 2);
        REQUIRE(*got == next++);
    }
    REQUIRE(next == 1'000);
    REQUIRE(queue.finished());
}

TEST_CASE("a value above the bytes goes through an empty queue", "[bounded_queue]") {
    bounded_queue<int> queue{{.count_max = 2, .bytes_max = 10}};
    int value = 1;
    REQUIRE(queue.push(value, 1'000));
    REQUIRE(queue.pop(soon()) == 1);
}

TEST_CASE("wake() ends a wait, or the next one, and loses nothing", "[bounded_queue]") {
    bounded_queue<int> queue{{}};
    queue.wake();
    REQUIRE(!queue.pop(soon()));
    std::jthread const other{[&] { queue.wake(); }};
    REQUIRE(!queue.pop(soon()));
}

TEST_CASE("a closed queue takes nothing and gives what it holds", "[bounded_queue]") {
    bounded_queue<std::unique_ptr<int>> queue{{.count_max = 1}};
    auto held = std::make_unique<int>(1);
    REQUIRE(queue.push(held, 1));
    auto refused = std::make_unique<int>(2);
    std::jthread const closer{[&] { queue.close(); }};
    REQUIRE(!queue.push(refused, 1));  // was waiting for room, or came after
    REQUIRE(*refused == 2);
    REQUIRE(!queue.finished());
    REQUIRE(**queue.pop(soon()) == 1);
    REQUIRE(queue.finished());
    REQUIRE(!queue.pop(soon()));
}
