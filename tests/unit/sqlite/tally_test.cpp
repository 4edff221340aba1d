#include "tally.hpp"

#include "support/catch.hpp"

#include <fmt/format.h>

using namespace logpipe;

TEST_CASE("values that are all different cannot fill the memory: beyond a bound they are counted together", "[tally]") {
    tally sums{1};
    constexpr std::size_t value_bytes = std::size_t{1} << 20U;
    for (char each = 'A'; each < 'A' + 40; ++each)
        sums.add_value(log_field::agent, std::string(value_bytes, each), {.documents = 2, .bytes = 3});
    sums.add_value(log_field::agent, std::string(value_bytes, 'A'), {.documents = 1, .bytes = 1});
    log_overview all;
    sums.show(1, all);
    auto const& agents = all.fields.at(static_cast<std::size_t>(log_field::agent));
    CHECK(agents.distinct == 32);
    CHECK(agents.others.documents == 2 * (40 - 32));
    CHECK(agents.others.bytes == 3 * (40 - 32));
    REQUIRE(agents.top.size() == 1);
    CHECK(agents.top.front().value.front() == 'A');  // one that is known goes on being counted by its name
    CHECK(agents.top.front().counts.documents == 3);
}

TEST_CASE("figures may be shown in between, and go on", "[tally]") {
    tally sums{10};
    log_overview all;
    sums.add_status(11, "200", {.documents = 1, .bytes = 5});
    sums.show(3, all);
    CHECK(all.total.documents == 1);
    sums.add_status(19, "404", {.documents = 2, .bytes = 5});
    sums.show(3, all);
    REQUIRE(all.bars.size() == 1);
    CHECK(all.bars.front().start_minute == 10);
    CHECK(all.bars.front().classes == std::array<std::uint64_t, 6>{0, 0, 1, 0, 2, 0});
    CHECK(all.total.bytes == 10);
}
