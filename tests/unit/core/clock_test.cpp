#include "core/clock.hpp"

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

TEST_CASE("an exact time has nine digits, and three where it is a whole millisecond", "[clock]") {
    CHECK(exact_iso_time(1'769'823'099'995'470'770) == "2026-01-31T01:31:39.995470770Z");
    CHECK(exact_iso_time(1'769'823'099'995'000'001) == "2026-01-31T01:31:39.995000001Z");
    CHECK(exact_iso_time(1'769'823'099'995'000'000) == "2026-01-31T01:31:39.995Z");
    CHECK(exact_iso_time(1'769'823'099'000'000'000) == "2026-01-31T01:31:39.000Z");
    CHECK(exact_iso_time(-1) == "1969-12-31T23:59:59.999999999Z");
    CHECK(exact_iso_time(-1'000'000) == "1969-12-31T23:59:59.999Z");
    for (std::int64_t const time_ns : {9'000'000'000'123'456'789, -1L, 1'500'000L})
        CHECK(parse_iso_time(exact_iso_time(time_ns)) == time_ns);
}

TEST_CASE("now is after this was written and does not stand still", "[clock]") {
    auto const first = now_ns();
    REQUIRE(first > 1'767'225'600'000'000'000);  // 2026
    while (now_ns() == first) {
    }
    REQUIRE(now_ns() > first);
}

TEST_CASE("times of RFC 3339 are read, with fractions and zones", "[clock]") {
    for (auto const& [text, time_ns] : {std::pair{"1970-01-01T00:00:00Z", std::int64_t{0}},
                                        {"2026-01-31T01:31:39.995Z", 1'769'823'099'995'000'000},
                                        {"2026-01-31T02:31:39.995+01:00", 1'769'823'099'995'000'000},
                                        {"2026-01-30 20:01:39.9950000001-05:30", 1'769'823'099'995'000'000},
                                        {"2000-02-29", 951'782'400'000'000'000},
                                        {"1969-12-31T23:59:59.999999999Z", -1}}) {
        CAPTURE(text);
        CHECK(parse_iso_time(text) == time_ns);
    }
    CHECK(parse_iso_time(iso_time(1'769'823'099'995'000'000)) == 1'769'823'099'995'000'000);
}

TEST_CASE("what is no time of RFC 3339 is none", "[clock]") {
    for (auto const* const text :
         {"", "now", "2026", "2026-02-30", "2026-13-01", "2026-01-31T", "2026-01-31T25:00:00Z", "2026-01-31T01:31:39",
          "2026-01-31T01:31:39.Z", "2026-01-31T01:31:39Zx", "2026-01-31T01:31:61Z", "2026-01-31T01:31:39+1:00",
          "1500-01-01T00:00:00Z", "9999-01-01T00:00:00Z"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_iso_time(text));
    }
}
