#include "id_sorter.hpp"

#include "support/catch.hpp"

#include <map>
#include <random>

using namespace logpipe;
using namespace logpipe::audit;

namespace {

std::vector<id_sighting> merged(id_sorter& sorter) {
    std::vector<id_sighting> all;
    REQUIRE(sorter.merge([&](id_sighting const& each) { all.push_back(each); }));
    return all;
}

}  // namespace

TEST_CASE("sightings of an id become one, and what was seen twice in a place is marked", "[id_sorter]") {
    id_sorter sorter{1 << 20};
    event_id const id{.high = 1, .low = 2};
    REQUIRE(sorter.add({.id = id, .endpoints = 1}));
    REQUIRE(sorter.add({.id = id, .endpoints = 2, .is_in_flight = 2}));
    REQUIRE(sorter.add({.id = id, .endpoints = 1}));
    auto const all = merged(sorter);
    REQUIRE(all.size() == 1);
    CHECK(all[0].endpoints == 3);
    CHECK(all[0].repeated == 1);
    CHECK(all[0].is_in_flight == 2);
}

TEST_CASE("the newest of dead letters and tombstones decides, and a tombstone of the same time", "[id_sorter]") {
    auto const outcome = [](std::vector<std::uint64_t> const& letters) {
        id_sorter sorter{1 << 20};
        for (auto const each : letters)
            REQUIRE(sorter.add({.id = {.high = 1, .low = 1}, .letter = each, .endpoints = 1}));
        return merged(sorter).at(0).is_dead();
    };
    CHECK(outcome({20}));
    CHECK_FALSE(outcome({20, 21}));
    CHECK_FALSE(outcome({21, 20}));
    CHECK(outcome({21, 22, 20}));
}

TEST_CASE("more ids than memory holds are sorted outside, with the same outcome", "[id_sorter]") {
    auto const seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937_64 random{seed};
    std::map<event_id, id_sighting> wanted;
    id_sorter sorter{1};  // the least there is
    for (int i = 0; i < 50'000; ++i) {
        id_sighting const seen{.id = {.high = random() % 3, .low = random() % 7'000},
                               .endpoints = static_cast<std::uint16_t>(1U << random() % 4)};
        REQUIRE(sorter.add(seen));
        auto const [found, first] = wanted.try_emplace(seen.id, seen);
        if (!first) found->second.add(seen);
    }
    CHECK(sorter.runs() > 10);
    auto const all = merged(sorter);
    REQUIRE(all.size() == wanted.size());
    auto expected = wanted.begin();
    bool same = true;
    for (auto const& each : all) {
        same = same && each.id == expected->first && each.endpoints == expected->second.endpoints &&
               each.repeated == expected->second.repeated;
        ++expected;
    }
    CHECK(same);
}

TEST_CASE("nothing seen is nothing merged", "[id_sorter]") {
    id_sorter sorter{1};
    CHECK(merged(sorter).empty());
}
