#include "kafka_support.hpp"

using namespace logpipe;
using namespace logpipe::kafka;
using namespace logpipe::test;

TEST_CASE("the cluster tells its id, its brokers and its controller", "[kafka]") {
    own_topic const topic;
    auto const cluster = topic.admin->cluster();
    REQUIRE(cluster.has_value());
    REQUIRE(!cluster->id.empty());
    REQUIRE(!cluster->brokers.empty());
    REQUIRE(cluster->controller > 0);
}

TEST_CASE("a topic tells its partitions with begin, end and replicas", "[kafka]") {
    own_topic const topic{2};
    topic.write({numbered_events(0, 10), numbered_events(10, 5)});
    auto const partitions = topic.admin->partitions(topic.name);
    REQUIRE(partitions.has_value());
    REQUIRE(partitions->size() == 2);
    std::int64_t events = 0;
    for (auto const& each : *partitions) {
        REQUIRE(each.begin == 0);
        REQUIRE(each.leader > 0);
        REQUIRE(each.replicas == 1);
        REQUIRE(each.in_sync == 1);
        events += each.end;
    }
    REQUIRE(events == 15);
    auto const unknown = topic.admin->partitions("no-such-topic");
    REQUIRE(unknown.has_error());
    REQUIRE(unknown.error().code == errc::not_found);
}

TEST_CASE("a time is found as an offset, or as the end", "[kafka]") {
    own_topic const topic;
    topic.write({numbered_events(0, 4, 1'000'000'000'000'000'000), numbered_events(4, 4, 1'500'000'000'000'000'000)});
    REQUIRE(topic.admin->offsets_at(topic.name, 1'200'000'000'000).value().front().begin == 4);
    REQUIRE(topic.admin->offsets_at(topic.name, 1'500'000'000'001).value().front().begin == 8);
}

TEST_CASE("a group is moved while it is empty, and refused while it has members", "[kafka]") {
    own_topic const topic;
    topic.write({numbered_events(0, 10)});
    REQUIRE(topic.admin->group(topic.group, topic.name).value().positions.front().committed == -1);
    {
        auto const from = make_kafka_source(topic.source_options());
        REQUIRE(from->open());
        taken_events taken{*from};
        REQUIRE(taken.read(10));
        taken.commit_all();
        auto const moved = topic.admin->move_group(topic.group, topic.name, {{0, 3}});
        REQUIRE(!moved);
        REQUIRE(moved.error().code == errc::busy);
    }
    REQUIRE(topic.admin->move_group(topic.group, topic.name, {{0, 3}}));
    auto const position = topic.admin->group(topic.group, topic.name).value().positions.front();
    REQUIRE(position.committed == 3);
    REQUIRE(position.counted_from == -1);
    auto const from = make_kafka_source(topic.source_options());
    REQUIRE(from->open());
    taken_events taken{*from};
    REQUIRE(taken.read(7));
    REQUIRE(taken.records.front() == R"({"n":3})");
    REQUIRE(from->counted() == event_counts{});
}

TEST_CASE("a scan gives a range in order, tombstones too, and stops where it is told", "[kafka]") {
    own_topic const topic;
    topic.write({numbered_events(0, 3000)});
    REQUIRE(topic.admin->send(topic.name, {{.key = "gone", .value = std::nullopt, .timestamp_ms = 5}}));
    std::vector<std::int64_t> offsets;
    REQUIRE(topic.admin->scan(topic.name, 0, 100, 2900, [&](kafka_message const& message) -> result<> {
        offsets.push_back(message.offset);
        return {};
    }));
    REQUIRE(offsets.size() == 2800);
    REQUIRE(offsets.front() == 100);
    REQUIRE(offsets.back() == 2899);

    bool tombstone = false;
    REQUIRE(topic.admin->scan(topic.name, 0, 3000, 9000, [&](kafka_message const& message) -> result<> {
        tombstone = !message.value && message.key == "gone" && message.timestamp_ms == 5;
        return {};
    }));
    REQUIRE(tombstone);

    int seen = 0;
    auto const stopped = topic.admin->scan(topic.name, 0, 0, 3000, [&](kafka_message const&) -> result<> {
        if (++seen == 5) return error{errc::cancelled, "enough"};
        return {};
    });
    REQUIRE(!stopped);
    REQUIRE(stopped.error().code == errc::cancelled);
    REQUIRE(seen == 5);
}
