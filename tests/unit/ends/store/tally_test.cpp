#include "tally.hpp"

#include "support/catch.hpp"
#include "support/nginx_documents.hpp"

#include <fmt/format.h>

using namespace logpipe;
using namespace logpipe::store;

TEST_CASE("values that are all different cannot fill the memory: those with the least are counted together",
          "[tally]") {
    tally sums{6, 1};
    constexpr std::size_t value_bytes = std::size_t{1} << 20U;
    sums.add_value(test::facet::agent, std::string(value_bytes, '!'), {.documents = 3, .bytes = 1});
    for (char each = 'A'; each < 'A' + 40; ++each)
        sums.add_value(test::facet::agent, std::string(value_bytes, each), {.documents = 2, .bytes = 3});
    // One that comes late, and is more than all others.
    for (int i = 0; i < 9; ++i)
        sums.add_value(test::facet::agent, std::string(value_bytes, '~'), {.documents = 1, .bytes = 1});
    log_overview all;
    sums.show(2, all);
    auto const& agents = all.facets.at(test::facet::agent);
    CHECK(agents.distinct <= 32);
    CHECK(agents.others.documents == 2 * (42 - agents.distinct));
    CHECK(agents.others.bytes == 3 * (42 - agents.distinct));
    CHECK(agents.missed == 2);
    REQUIRE(agents.top.size() == 2);
    CHECK(agents.top.front().value.front() == '~');
    CHECK(agents.top.front().counts.documents == 9);
    CHECK(agents.top.front().missed == 2);
    CHECK(agents.top.back().value.front() == '!');
    CHECK(agents.top.back().counts.documents == 3);
    CHECK(agents.top.back().missed == 0);
}

TEST_CASE("what roll-ups may have missed of a value is summed up, over those that lack it as well", "[tally]") {
    tally sums{6, 1};
    sums.add_others(test::facet::agent, {.documents = 100, .bytes = 1}, 7);
    sums.add_value(test::facet::agent, "a", {.documents = 10, .bytes = 1}, 5 - 7);  // may have had 5 more
    sums.add_others(test::facet::agent, {.documents = 50, .bytes = 1}, 4);          // and 4 here, where it has no row
    sums.add_value(test::facet::agent, "b", {.documents = 9, .bytes = 1}, 0 - 4);   // nothing here, 7 in the other one
    log_overview all;
    sums.show(2, all);
    auto const& agents = all.facets.at(test::facet::agent);
    CHECK(agents.missed == 11);
    CHECK(agents.others.documents == 150);
    CHECK(agents.top.at(0).missed == 9);
    CHECK(agents.top.at(1).missed == 7);
}

TEST_CASE("figures may be shown in between, and go on", "[tally]") {
    tally sums{6, 10};
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
