#include "net/memory_turn.hpp"

#include "support/catch.hpp"
#include "world/simulated_link.hpp"
#include "world/virtual_time.hpp"

#include <random>

using namespace logpipe;
using namespace logpipe::sim;
using net::memory_turn;

namespace {

struct short_server {
    short_server() { memory.set_limits({.held = 1, .largest = 1}); }
    environment world() {
        auto made = time.world(system_files(), random);
        made.memory = &memory;
        return made;
    }

    virtual_time time;
    std::mt19937_64 random;
    memory_budget memory;
    memory_turn turn{world()};
    std::shared_ptr<simulated_link> first = std::make_shared<simulated_link>(time);
    std::shared_ptr<simulated_link> second = std::make_shared<simulated_link>(time);
};

}  // namespace

TEST_CASE("everybody is read while memory is not short", "[memory]") {
    short_server server;
    CHECK(server.turn.may_read(server.first));
    CHECK(server.turn.may_read(server.second));
}

TEST_CASE("one is read while memory is short, until its message is whole or it is gone", "[memory]") {
    short_server server;
    memory_share held{server.memory, "messages"};
    held.set(2);
    CHECK(server.turn.may_read(server.first));
    CHECK_FALSE(server.turn.may_read(server.second));
    server.turn.leave(*server.first);
    CHECK(server.turn.may_read(server.second));
    CHECK_FALSE(server.turn.may_read(server.first));
    server.second->close("gone");
    CHECK(server.turn.may_read(server.first));
    held.set(0);
    CHECK(server.turn.may_read(server.second));
}

TEST_CASE("one that sends slowly while others wait is closed", "[memory]") {
    short_server server;
    memory_share held{server.memory, "messages"};
    held.set(2);
    CHECK(server.turn.may_read(server.first));
    server.time.now += std::chrono::minutes{1};
    CHECK_FALSE(server.turn.may_read(server.second));  // from here on somebody waits
    CHECK_FALSE(server.first->closed());
    server.turn.received(*server.first, 1'000'000);
    CHECK(server.turn.may_read(server.first));
    server.time.now += std::chrono::seconds{2};
    CHECK_FALSE(server.turn.may_read(server.second));
    CHECK_FALSE(server.first->closed());
    server.turn.received(*server.first, 1'000);
    CHECK(server.turn.may_read(server.first));
    server.time.now += std::chrono::seconds{2};
    CHECK_FALSE(server.turn.may_read(server.second));
    CHECK(server.first->close_reason() == "memory is short, and others wait while it sends slowly");
    CHECK(server.turn.may_read(server.second));
}

TEST_CASE("one whose bytes we do not read is not slow", "[memory]") {
    short_server server;
    memory_share held{server.memory, "messages"};
    held.set(2);
    CHECK(server.turn.may_read(server.first));
    server.turn.received(*server.first, 1'000);
    for (int i = 0; i < 10; ++i) {
        CHECK_FALSE(server.turn.may_read(server.second));
        server.time.now += std::chrono::seconds{2};
    }
    CHECK_FALSE(server.first->closed());
}
