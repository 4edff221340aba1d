#include "request_pace.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <vector>

using namespace logpipe;
using namespace logpipe::opensearch;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t whole = std::size_t{1} << 20U;
using response = request_pace::response;

/// As many requests as may be, all ended after `took` in the same way.
struct rig {
    explicit rig(std::size_t requests_max) : pace{{.requests_max = requests_max, .bytes_max = whole}} {}

    std::size_t round(response came, std::chrono::milliseconds took = 100ms) {
        std::vector<request_pace::permit> all;
        for (request_pace::permit one; pace.begin(one, now);) all.push_back(one);
        now += took;
        for (auto const& one : all) pace.end(one, came, now);
        now += 1ms;
        return all.size();
    }

    request_pace pace;
    steady_time now = std::chrono::steady_clock::now();
};

}  // namespace

TEST_CASE("as many requests as allowed are in flight while all are taken", "[request_pace]") {
    rig all{4};
    for (int i = 0; i < 10; ++i) CHECK(all.round(response::taken) == 4);
    CHECK(all.pace.bytes() == whole);
}

TEST_CASE("a busy target has half the requests, once for all that were in flight, and then half the bytes",
          "[request_pace]") {
    rig all{8};
    CHECK(all.round(response::busy) == 8);
    CHECK(all.pace.requests() == 4);
    CHECK(all.round(response::busy) == 4);
    CHECK(all.round(response::busy) == 2);
    CHECK(all.pace.requests() == 1);
    CHECK(all.pace.bytes() == whole);
    CHECK(all.round(response::busy) == 1);
    CHECK(all.pace.bytes() == whole / 2);
    for (int i = 0; i < 20; ++i) CHECK(all.round(response::busy) == 1);
    CHECK(all.pace.bytes() == std::size_t{64} << 10U);
}

TEST_CASE("what is taken again is more, step by step", "[request_pace]") {
    rig all{4};
    for (int i = 0; i < 6; ++i) static_cast<void>(all.round(response::busy));
    CHECK(all.pace.requests() == 1);
    auto const bytes = all.pace.bytes();
    CHECK(all.round(response::taken) == 1);
    CHECK(all.pace.bytes() == bytes + whole / 32);
    CHECK(all.pace.requests() == 2);
    for (int i = 0; i < 40; ++i) static_cast<void>(all.round(response::taken));
    CHECK(all.pace.requests() == 4);
    CHECK(all.pace.bytes() == whole);
}

TEST_CASE("more are not sent to a target that has become slow", "[request_pace]") {
    rig all{8};
    CHECK(all.round(response::busy) == 8);
    CHECK(all.round(response::taken, 10ms) == 4);
    for (int i = 0; i < 10; ++i) CHECK(all.round(response::taken, 2s) <= 5);
    for (int i = 0; i < 40; ++i) static_cast<void>(all.round(response::taken, 10ms));
    CHECK(all.pace.requests() == 8);
}

TEST_CASE("a lost connection says nothing of the load", "[request_pace]") {
    rig all{4};
    for (int i = 0; i < 10; ++i) CHECK(all.round(response::none) == 4);
    CHECK(all.pace.bytes() == whole);
}

TEST_CASE("whoever was refused is woken when a request has ended, and not before", "[request_pace]") {
    rig all{1};
    int woken = 0;
    all.pace.join(&woken, [&] { ++woken; });
    request_pace::permit one;
    request_pace::permit two;
    REQUIRE(all.pace.begin(one, all.now));
    all.pace.end(one, response::taken, all.now);
    CHECK(woken == 0);
    REQUIRE(all.pace.begin(one, all.now));
    CHECK_FALSE(all.pace.begin(two, all.now));
    all.pace.end(one, response::taken, all.now);
    CHECK(woken == 1);
    all.pace.leave(&woken);
    REQUIRE(all.pace.begin(one, all.now));
    CHECK_FALSE(all.pace.begin(two, all.now));
    all.pace.end(one, response::taken, all.now);
    CHECK(woken == 1);
}
