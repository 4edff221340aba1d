#include "log_position.hpp"

#include "support/catch.hpp"

using namespace logpipe;
using namespace logpipe::docker;

namespace {
constexpr std::int64_t minute = 60'000'000'000;
}

TEST_CASE("a position counts the lines of its last time", "[log_position]") {
    container_position position;
    CHECK(position.since_ns() == 0);
    for (auto const time : {minute, minute, 2 * minute}) position.pass(log_stream::out, time);
    CHECK(position.streams[0] == stream_position{.time_ns = 2 * minute, .count = 1});
    position.pass(log_stream::out, 2 * minute);
    position.pass(log_stream::err, minute);
    position.pass(log_stream::err, 0);  // a line without a time moves nothing
    CHECK(position.streams[0].count == 2);
    CHECK(position.streams[1] == stream_position{.time_ns = minute, .count = 1});
    CHECK(position.since_ns() == 2 * minute - 10'000'000'000);
}

TEST_CASE("what was given before is left out, also among lines of one time", "[log_position]") {
    container_position position;
    for (auto const time : {1, 5, 5}) position.pass(log_stream::out, time);
    position.pass(log_stream::err, 3);
    resume_filter filter{position};
    CHECK_FALSE(filter.is_new(log_stream::out, 1));
    CHECK_FALSE(filter.is_new(log_stream::err, 3));
    CHECK_FALSE(filter.is_new(log_stream::out, 5));
    CHECK_FALSE(filter.is_new(log_stream::out, 5));
    CHECK(filter.is_new(log_stream::out, 5));  // the third of this time was not there yet
    CHECK(filter.is_new(log_stream::err, 4));  // late, but its own stream had not come so far
    CHECK(filter.is_new(log_stream::out, 6));
}

TEST_CASE("a stream without a position, and a clock that was set back, leave out nothing more", "[log_position]") {
    container_position position;
    position.pass(log_stream::out, 100);
    resume_filter filter{position};
    CHECK(filter.is_new(log_stream::err, 1));
    CHECK(filter.is_new(log_stream::out, 101));
    CHECK(filter.is_new(log_stream::out, 50));
}
