#include "row_pace.hpp"

#include "support/catch.hpp"

#include <vector>

using namespace logpipe;
using namespace logpipe::store;

namespace {

bool is(std::optional<row_range> const& got, std::int64_t first, std::int64_t last) {
    return got && got->first == first && got->last == last;
}

}  // namespace

TEST_CASE("rows are read from the newest on, each once, as many as may be", "[row_pace]") {
    row_range const rows{.first = 11, .last = 100};
    CHECK(is(next_portion({}, rows, 30, 1'000), 71, 100));
    CHECK(is(next_portion({.first = 71, .last = 100}, rows, 30, 1'000), 41, 70));
    CHECK(is(next_portion({.first = 20, .last = 100}, rows, 30, 1'000), 11, 19));
    CHECK_FALSE(next_portion({.first = 11, .last = 100}, rows, 30, 1'000));
    CHECK(is(next_portion({.first = 71, .last = 100}, rows, 30, 35), 66, 70));
    CHECK_FALSE(next_portion({.first = 66, .last = 100}, rows, 30, 35));
    CHECK_FALSE(next_portion({}, {}, 30, 1'000));
}

TEST_CASE("what has come since is read first, without a gap, whatever was read", "[row_pace]") {
    row_range const rows{.first = 11, .last = 100};
    CHECK(is(next_portion({.first = 20, .last = 40}, rows, 30, 21), 41, 70));
    CHECK(is(next_portion({.first = 20, .last = 90}, rows, 30, 21), 91, 100));
}

TEST_CASE("the first portion is always read, and portions grow only as far as the time allows", "[row_pace]") {
    row_pace over{100, std::chrono::milliseconds{0}};
    CHECK(over.next() == 100);
    CHECK(over.next() == 0);
    row_pace slow{100, std::chrono::hours{1}};
    CHECK(slow.next() == 100);
    CHECK(slow.next() == 400);
    CHECK(slow.next() == 1'600);
}
