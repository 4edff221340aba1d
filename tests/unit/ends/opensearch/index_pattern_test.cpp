#include "index_pattern.hpp"

#include "support/catch.hpp"

using namespace logpipe;
using namespace logpipe::opensearch;
using namespace std::chrono;

namespace {

index_pattern pattern_of(std::string_view text) {
    return index_pattern::parse(text).value();
}

constexpr sys_days date(int y, unsigned m, unsigned d) {
    return year{y} / month{m} / day{d};
}

}  // namespace

TEST_CASE("a name without dates is one index", "[index_pattern]") {
    auto const one = pattern_of("nginx-logs");
    CHECK(one.is_one_index());
    CHECK(one.expression() == "nginx-logs");
    CHECK(one.common_name() == "nginx-logs");
    CHECK(one.name(date(2026, 11, 30), "app") == "nginx-logs");
}

TEST_CASE("a day, a month, a year and an ISO week have an index each", "[index_pattern]") {
    struct expected {
        std::string_view pattern;
        std::string_view index;
        sys_days begin;
        sys_days end;
    };
    for (auto const& [pattern, index, begin, end] : {
             expected{"n-%Y.%m.%d", "n-2026.11.30", date(2026, 11, 30), date(2026, 12, 1)},
             expected{"n-%d-%m-%Y-x", "n-30-11-2026-x", date(2026, 11, 30), date(2026, 12, 1)},
             expected{"n-%Y.%m", "n-2026.11", date(2026, 11, 1), date(2026, 12, 1)},
             expected{"n-%Y", "n-2026", date(2026, 1, 1), date(2027, 1, 1)},
             expected{"n-%G-w%V", "n-2026-w49", date(2026, 11, 30), date(2026, 12, 7)},
         }) {
        CAPTURE(pattern);
        auto const made = pattern_of(pattern);
        CHECK(made.name(date(2026, 11, 30), "") == index);
        CHECK(made.period_of(date(2026, 11, 30)) == index_pattern::period{begin, end});
        CHECK(made.period_of_index(index) == index_pattern::period{begin, end});
        CHECK(made.expression() == "n-*");
        CHECK(made.common_name() == "n-rolling");
        CHECK(made.alias() == "n");
    }
}

TEST_CASE("an ISO week belongs to the year of its Thursday", "[index_pattern]") {
    auto const weeks = pattern_of("n-%G-w%V");
    CHECK(weeks.name(date(2021, 1, 3), "") == "n-2020-w53");
    CHECK(weeks.name(date(2021, 1, 4), "") == "n-2021-w01");
    CHECK(weeks.name(date(2024, 12, 30), "") == "n-2025-w01");
    CHECK(weeks.period_of_index("n-2020-w53") == index_pattern::period{date(2020, 12, 28), date(2021, 1, 4)});
    CHECK_FALSE(weeks.period_of_index("n-2021-w53"));  // that year has 52
    CHECK_FALSE(weeks.period_of_index("n-2021-w00"));
}

TEST_CASE("only names that the pattern makes are its indices", "[index_pattern]") {
    auto const days = pattern_of("n-%Y.%m.%d");
    for (auto const* const other :
         {"n-2026.11.31", "n-2026.11.3", "n-2026.11.30-old", "n-2026-11-30", "m-2026.11.30", "n-2026.+1.30", "n", ""}) {
        CAPTURE(other);
        CHECK_FALSE(days.period_of_index(other));
    }
    auto const tags = pattern_of("n-{tag}-%Y.%m");
    CHECK(tags.name(date(2026, 11, 30), "app.follow") == "n-app.follow-2026.11");
    CHECK(tags.period_of_index("n-app.follow-2026.11") == index_pattern::period{date(2026, 11, 1), date(2026, 12, 1)});
    CHECK_FALSE(tags.period_of_index("n-2026.11"));
    CHECK_FALSE(pattern_of("n-{tag}").has_period());
    CHECK_FALSE(pattern_of("n-{tag}").is_one_index());
}

TEST_CASE("what cannot be an index is refused with the reason", "[index_pattern]") {
    for (auto const* const text :
         {"",         ".",    "..",      "-n",      "Nginx", "n*",  "n-%Y.%d",  "n-%m",  "n-%d",
          "n-%G",     "n-%V", "n-%Y-%V", "n-%Y-%Y", "n-%y",  "n-%", "%Y.%m.%d", "{tag}", "n-{tag}-{tag}",
          "n-{host}", "n-{",  "a b",     "a/b"}) {
        CAPTURE(text);
        auto const refused = index_pattern::parse(text);
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().code == errc::invalid_argument);
    }
}

TEST_CASE("a tag becomes what an index's name may have", "[index_pattern]") {
    CHECK(tag_in_index("app.follow") == "app.follow");
    CHECK(tag_in_index("App/Follow *") == "app-follow--");
}
