#include "message_pace.hpp"

#include "support/catch.hpp"

using namespace logpipe;
using namespace logpipe::forward;
using namespace std::chrono_literals;

namespace {

constexpr message_times minute{.first_message = 60s, .message = 60s};

/// @return after how many seconds it was too long; 0: never within `most`
int waits(message_pace& pace, message_times const& times, int most) {
    for (int i = 1; i <= most; ++i)
        if (!pace.wait(1s, times).empty()) return i;
    return 0;
}

}  // namespace

TEST_CASE("a client that never completes a message is waited for so long, whatever it sends", "[message_pace]") {
    message_pace silent;
    CHECK(waits(silent, minute, 100) == 60);
    message_pace dripping;
    int seconds = 0;
    do {
        ++seconds;
        dripping.received(100'000, false, true);
    } while (dripping.wait(1s, minute).empty() && seconds < 100);
    CHECK(seconds == 60);
}

TEST_CASE("a client that completed a message may be silent for as long as it likes", "[message_pace]") {
    message_pace pace;
    pace.received(20, true, false);
    CHECK(pace.established());
    CHECK(waits(pace, minute, 100'000) == 0);
}

TEST_CASE("a message that has begun is waited for so long without a byte", "[message_pace]") {
    message_pace pace;
    pace.received(20, true, true);
    CHECK(waits(pace, minute, 59) == 0);
    pace.received(1'000'000, false, true);
    CHECK(waits(pace, minute, 100) == 60);
}

TEST_CASE("a message that comes byte by byte is waited for so long, one that comes slowly as long as it takes",
          "[message_pace]") {
    auto const seconds_of = [](std::uint64_t bytes_per_second) {
        message_pace pace;
        pace.establish();
        int seconds = 0;
        do {
            ++seconds;
            pace.received(bytes_per_second, false, true);
        } while (pace.wait(1s, minute).empty() && seconds < 10'000);
        return seconds;
    };
    CHECK(seconds_of(1) == 61);
    CHECK(seconds_of(message_bytes_per_second_min / 2) == 120);
    CHECK(seconds_of(message_bytes_per_second_min) == 10'000);
}

TEST_CASE("each message has its own time", "[message_pace]") {
    message_pace pace;
    pace.establish();
    for (int i = 0; i < 100; ++i) {
        pace.received(10, false, true);
        REQUIRE(waits(pace, minute, 50) == 0);
        pace.received(10, true, true);
    }
}

TEST_CASE("without bounds nobody is waited for too long", "[message_pace]") {
    message_pace pace;
    pace.received(1, false, true);
    CHECK(waits(pace, {}, 100'000) == 0);
}
