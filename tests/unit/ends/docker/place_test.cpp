#include "place.hpp"

#include "support/catch.hpp"

using namespace logpipe;
using namespace logpipe::docker;

namespace {
constexpr std::int64_t minute = 60'000'000'000;
}

TEST_CASE("a place counts the lines of its last time", "[place]") {
    container_place place;
    CHECK(place.since_ns() == 0);
    for (auto const time : {minute, minute, 2 * minute}) place.pass(log_stream::out, time);
    CHECK(place.streams[0] == stream_place{.time_ns = 2 * minute, .count = 1});
    place.pass(log_stream::out, 2 * minute);
    place.pass(log_stream::err, minute);
    place.pass(log_stream::err, 0);  // a line without a time moves nothing
    CHECK(place.streams[0].count == 2);
    CHECK(place.streams[1] == stream_place{.time_ns = minute, .count = 1});
    CHECK(place.since_ns() == 2 * minute - 10'000'000'000);
}

TEST_CASE("what was given before is left out, also among lines of one time", "[place]") {
    container_place place;
    for (auto const time : {1, 5, 5}) place.pass(log_stream::out, time);
    place.pass(log_stream::err, 3);
    resume_filter filter{place};
    CHECK_FALSE(filter.is_new(log_stream::out, 1));
    CHECK_FALSE(filter.is_new(log_stream::err, 3));
    CHECK_FALSE(filter.is_new(log_stream::out, 5));
    CHECK_FALSE(filter.is_new(log_stream::out, 5));
    CHECK(filter.is_new(log_stream::out, 5));  // the third of this time was not there yet
    CHECK(filter.is_new(log_stream::err, 4));  // late, but its own stream had not come so far
    CHECK(filter.is_new(log_stream::out, 6));
}

TEST_CASE("a stream without a place, and a clock that was set back, leave out nothing more", "[place]") {
    container_place place;
    place.pass(log_stream::out, 100);
    resume_filter filter{place};
    CHECK(filter.is_new(log_stream::err, 1));
    CHECK(filter.is_new(log_stream::out, 101));
    CHECK(filter.is_new(log_stream::out, 50));
}
