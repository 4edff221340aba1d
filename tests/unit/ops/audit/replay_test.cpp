#include "audit/audit.hpp"

#include "memory_kafka.hpp"
#include "support/catch.hpp"

#include <array>

using namespace logpipe;
using namespace logpipe::audit;
using namespace logpipe::kafka;
using test::memory_kafka;

namespace {

/// Partition 0 has offsets 2 to 9, a second apart from 2026-01-31T00:00:00Z at offset 0 on; partition 1 has 3.
memory_kafka a_topic() {
    memory_kafka cluster;
    auto& topic = cluster.topics["in"];
    topic.partitions.resize(2);
    for (std::int64_t i = 0; i < 10; ++i)
        topic.partitions[0].push_back({1'769'817'600'000 + i * 1000, kafka_key({.high = 1, .low = 1}), "{}"});
    for (std::int64_t i = 0; i < 3; ++i)
        topic.partitions[1].push_back({1'769'817'600'000, kafka_key({.high = 1, .low = 1}), "{}"});
    topic.expired = 2;
    cluster.groups["index"].positions = {{.partition = 0, .committed = 8}};
    return cluster;
}

std::vector<std::array<std::int64_t, 4>> planned(std::string_view to) {
    auto cluster = a_topic();
    auto const moves = plan_replay(cluster, "in", "index", to);
    REQUIRE(moves.has_value());
    std::vector<std::array<std::int64_t, 4>> all;
    for (auto const& each : *moves) all.push_back({each.partition, each.from, each.to, each.events});
    return all;
}

using rows = std::vector<std::array<std::int64_t, 4>>;

}  // namespace

TEST_CASE("a replay goes to the beginning, the end, a time or one partition's offset", "[replay]") {
    CHECK(planned("beginning") == rows{{0, 8, 2, 6}, {1, -1, 0, 3}});
    CHECK(planned("end") == rows{{0, 8, 10, -2}, {1, -1, 3, 0}});
    CHECK(planned("2026-01-31T00:00:05Z") == rows{{0, 8, 5, 3}, {1, -1, 3, 0}});
    CHECK(planned("0:7") == rows{{0, 8, 7, 1}});
}

TEST_CASE("a position that does not exist is an error that names those that do", "[replay]") {
    auto cluster = a_topic();
    for (auto const& [to, word] : {std::pair{"yesterday", "RFC 3339"},
                                   {"7:0", "no such partition"},
                                   {"0:1", "2 to 10"},
                                   {"0:11", "2 to 10"},
                                   {"0:", "RFC 3339"},
                                   {"-1:0", "RFC 3339"}}) {
        CAPTURE(to);
        auto const moves = plan_replay(cluster, "in", "index", to);
        REQUIRE_FALSE(moves.has_value());
        CHECK(moves.error().code == errc::invalid_argument);
        CHECK(moves.error().message.contains(word));
    }
}

TEST_CASE("a group with members is not moved, and they are named", "[replay]") {
    auto cluster = a_topic();
    cluster.groups["index"].members.push_back(
        {.id = "x", .client_id = "logpipe-7", .host = "/10.0.0.7", .partitions = {0}});
    auto const moved =
        replay(cluster, "in", "index", std::array{group_move{.partition = 0, .from = 8, .to = 2, .events = 6}});
    REQUIRE_FALSE(moved.has_value());
    CHECK(moved.error().code == errc::busy);
    CHECK(moved.error().message.contains("logpipe-7 on /10.0.0.7"));
    CHECK(cluster.moved.empty());
}

TEST_CASE("an empty group is moved to where the plan says", "[replay]") {
    auto cluster = a_topic();
    auto const moves = plan_replay(cluster, "in", "index", "beginning");
    REQUIRE(moves.has_value());
    REQUIRE(replay(cluster, "in", "index", *moves));
    CHECK(cluster.moved == std::vector<std::pair<std::int32_t, std::int64_t>>{{0, 2}, {1, 0}});
}
