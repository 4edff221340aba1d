#include "base/log.hpp"

#include "support/catch.hpp"

#include <thread>
#include <vector>

using namespace logpipe;

TEST_CASE("levels and formats are read by name", "[log]") {
    REQUIRE(parse_log_level("debug") == log_level::debug);
    REQUIRE(parse_log_level("off") == log_level::off);
    REQUIRE(!parse_log_level("loud"));
    REQUIRE(parse_log_format("auto") == log_format::automatic);
    REQUIRE(parse_log_format("json") == log_format::json);
    REQUIRE(!parse_log_format("JSON"));
}

TEST_CASE("a repeating line is let through once and tells how many it stands for", "[log]") {
    log_limit limit;
    REQUIRE(limit.admit() == 1);
    for (int i = 0; i < 10; ++i) REQUIRE(limit.admit() == 0);
    // After the second is over the ten, and itself.
    std::uint64_t stands_for = 0;
    std::uint64_t asked = 0;
    while (stands_for == 0) {
        stands_for = limit.admit();
        ++asked;
    }
    REQUIRE(stands_for == 10 + asked);
}

TEST_CASE("no line is lost from the count when many threads ask", "[log]") {
    log_limit limit;
    std::atomic<std::uint64_t> told{0};
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] {
                for (int asked = 0; asked < 10'000; ++asked) told += limit.admit();
            });
    }
    std::uint64_t last = 0;
    std::uint64_t asked = 0;
    while (last == 0) {
        last = limit.admit();
        ++asked;
    }
    REQUIRE(told + last == 40'000 + asked);
}
