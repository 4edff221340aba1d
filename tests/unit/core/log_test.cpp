#include "core/log.hpp"

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

TEST_CASE("a repeating line is let through once a second and tells how many it stands for", "[log]") {
    log_limit limit;
    auto const start = std::chrono::steady_clock::now();
    std::uint64_t asked = 0;
    for (int told = 0; told < 2;) {
        ++asked;
        auto const stands_for = limit.admit();
        if (stands_for == 0) continue;
        REQUIRE(stands_for == asked);
        asked = 0;
        ++told;
    }
    REQUIRE(std::chrono::steady_clock::now() - start >= std::chrono::seconds{1});
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

TEST_CASE("the newest warnings and errors are kept, oldest first, a bounded number of bounded length", "[log]") {
    for (std::size_t i = 0; i < log_notes_max + 8; ++i) log_warn("note {}", i);
    log_info("no warning");
    log_error("{}", std::string(10 * log_note_bytes_max, 'x'));
    auto const notes = recent_notes();
    REQUIRE(notes.size() == log_notes_max);
    REQUIRE(notes.front().message == "note 9");
    REQUIRE(notes.back().level == log_level::error);
    REQUIRE(notes.back().message.size() == log_note_bytes_max);
    REQUIRE(notes.front().time_ns > 0);
}

TEST_CASE("a line of the log is one line and drives no terminal, whatever a peer said", "[log]") {
    log_warn("tag \"{}\" is none", "a\x1b]0;owned\x07\r\n12:00:00 error forged\u009b2J\u202e");
    auto const line = recent_notes().back().message;
    CHECK(line == "tag \"a ]0;owned   12:00:00 error forged 2J \" is none");
}
