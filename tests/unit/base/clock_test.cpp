#include "base/clock.hpp"

#include "support/catch.hpp"

#include <limits>

using namespace logpipe;

TEST_CASE("times are written in UTC with milliseconds", "[clock]") {
    REQUIRE(iso_time(0) == "1970-01-01T00:00:00.000Z");
    REQUIRE(iso_time(1'769'823'099'995'999'999) == "2026-01-31T01:31:39.995Z");
    REQUIRE(iso_time(951'782'400'000'000'000) == "2000-02-29T00:00:00.000Z");
    REQUIRE(iso_time(4'107'542'399'999'000'000) == "2100-02-28T23:59:59.999Z");
}

TEST_CASE("times before 1970 and at the ends of 64 bits are written too", "[clock]") {
    REQUIRE(iso_time(-1) == "1969-12-31T23:59:59.999Z");
    REQUIRE(iso_time(std::numeric_limits<std::int64_t>::max()) == "2262-04-11T23:47:16.854Z");
    REQUIRE(iso_time(std::numeric_limits<std::int64_t>::min()) == "1677-09-21T00:12:43.145Z");
}

TEST_CASE("now is after this was written and does not stand still", "[clock]") {
    auto const first = now_ns();
    REQUIRE(first > 1'767'225'600'000'000'000);  // 2026
    while (now_ns() == first) {
    }
    REQUIRE(now_ns() > first);
}

TEST_CASE("RFC 3339 is read with fractions and zones", "[base]") {
    REQUIRE(parse_iso_time("1970-01-01T00:00:00Z") == 0);
    REQUIRE(parse_iso_time("2026-01-31T01:31:39.995Z") == 1'769'823'099'995'000'000);
    REQUIRE(parse_iso_time("2026-01-31t02:31:39.995+01:00") == 1'769'823'099'995'000'000);
    REQUIRE(parse_iso_time("2026-01-30T23:01:39.9950000001-02:30") == 1'769'823'099'995'000'000);
    REQUIRE(parse_iso_time("1969-12-31T23:59:59.5Z") == -500'000'000);
    REQUIRE(parse_iso_time("2024-02-29T00:00:00Z"));
    for (auto const* text :
         {"", "2026-01-31", "2026-01-31T01:31:39", "2026-01-31T01:31:39.Z", "2026-01-31T01:31Z", "2026-02-30T00:00:00Z",
          "2026-13-01T00:00:00Z", "2026-01-31T24:00:00Z", "2026-01-31T00:60:00Z", "2026-01-31 01:31:39Z",
          "2026-01-31T01:31:39+1:00", "2026-01-31T01:31:39+25:00", "2026-01-31T01:31:39Zx", "+026-01-31T01:31:39Z",
          "9999-01-01T00:00:00Z", "2026-1-31T01:31:39Z"}) {
        CAPTURE(text);
        REQUIRE(!parse_iso_time(text));
    }
}
