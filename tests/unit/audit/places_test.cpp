#include "logpipe/audit.hpp"

#include "logpipe/journal.hpp"
#include "memory_kafka.hpp"
#include "support/catch.hpp"

#include <set>

using namespace logpipe;
using test::memory_kafka;

namespace {

std::string key_of(std::uint64_t number) {
    return kafka_key({.high = 1, .low = number});
}

std::set<std::uint64_t> on_their_way(audited_place& place) {
    std::set<std::uint64_t> found;
    REQUIRE(place.scan([&](audited_place::sighting const& each) -> result<> {
        if (each.on_its_way) found.insert(each.id.low);
        return {};
    }));
    return found;
}

memory_kafka five_messages() {
    memory_kafka cluster;
    for (std::uint64_t i = 0; i < 5; ++i) cluster.add("in", key_of(i), "{}", 1000);
    return cluster;
}

}  // namespace

TEST_CASE("what is behind the group's position is on its way", "[places]") {
    auto cluster = five_messages();
    cluster.groups["index"].positions = {{.partition = 0, .committed = 3}};
    auto const place = audit_kafka(cluster, "in", {"consume", "index"});
    auto const facts = place->look();
    REQUIRE(facts.has_value());
    CHECK(facts->total == 5);
    CHECK(facts->on_their_way == 2);
    CHECK(on_their_way(*place) == std::set<std::uint64_t>{3, 4});
}

TEST_CASE("a topic that nobody reads is to be in the store whole", "[places]") {
    auto cluster = five_messages();
    cluster.groups["index"].positions = {{.partition = 0, .committed = -1}};
    auto const place = audit_kafka(cluster, "in", {"consume", "index"});
    REQUIRE(place->look().has_value());
    CHECK(on_their_way(*place).empty());
}

TEST_CASE("of a partition that its readers have not begun all is on its way", "[places]") {
    auto cluster = five_messages();
    cluster.topics["in"].partitions.emplace_back().push_back({1000, key_of(7), "{}"});
    cluster.groups["index"].positions = {{.partition = 0, .committed = 5}};
    auto const place = audit_kafka(cluster, "in", {"index"});
    REQUIRE(place->look().has_value());
    CHECK(on_their_way(*place) == std::set<std::uint64_t>{7});
}

TEST_CASE("offsets that have expired are named and not counted as visible", "[places]") {
    auto cluster = five_messages();
    cluster.topics["in"].expired = 2;
    auto const place = audit_kafka(cluster, "in", {});
    auto const facts = place->look();
    REQUIRE(facts.has_value());
    CHECK(facts->total == 5);
    CHECK(facts->visible == 3);
    CHECK(facts->unseen == std::vector<std::string>{"partition 0: offsets 0 to 1 have expired"});
}

TEST_CASE("letters that were rejected before any topic are no part of an input's sum", "[places]") {
    memory_kafka cluster;
    for (auto const stage : {"forward", "normalize"})
        cluster.add("in.dlq", key_of(stage == std::string_view{"forward"} ? 1 : 2),
                    std::string{R"({"stage":")"} + stage + R"(","reason":"bad","record":"x"})", 1000);
    auto const place = audit_letters("kafka in.dlq", make_kafka_letters(cluster, "in.dlq"));
    auto const facts = place->look();
    REQUIRE(facts.has_value());
    CHECK(facts->total == 1);
    CHECK(facts->visible == 2);
}
