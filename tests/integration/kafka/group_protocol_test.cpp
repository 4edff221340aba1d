#include "kafka_support.hpp"

#include <set>

using namespace logpipe;
using namespace logpipe::kafka;
using namespace logpipe::test;

// KIP-848, where the broker assigns: Kafka 4.
TEST_CASE("with group.protocol=consumer members share the partitions, and what one leaves the other goes on with",
          "[kafka-4]") {
    own_topic const topic{4};
    std::vector<batch> batches;
    for (int i = 0; i < 80; ++i) batches.push_back(numbered_events(i * 50, 50));
    topic.write(std::move(batches));
    auto options = topic.source_options();
    options.connection.properties = {{"group.protocol", "consumer"}};
    auto first = make_kafka_source(options);
    REQUIRE(first->open());
    taken_events of_first{*first};
    REQUIRE(of_first.read(100));
    auto second = make_kafka_source(options);
    REQUIRE(second->open());
    taken_events of_second{*second};
    // The first one drains what it must give up: what it read becomes safe meanwhile.
    REQUIRE(comes_true([&] {
        of_first.commit_all();
        REQUIRE(of_first.read_some());
        return gauge_of(first->status(), "kafka_assigned_partitions") == 2 &&
               gauge_of(second->status(), "kafka_assigned_partitions") == 2;
    }));
    of_first.commit_all();
    first.reset();
    std::vector<batch> more;
    for (int i = 0; i < 80; ++i) more.push_back(numbered_events(4000 + i * 10, 10));
    topic.write(std::move(more));
    std::set<std::string> all(of_first.records.begin(), of_first.records.end());
    REQUIRE(comes_true([&] {
        REQUIRE(of_second.read_some());
        all.insert(of_second.records.begin(), of_second.records.end());
        return all.size() == 4800;
    }));
    // Everything that was committed before it moved is read once.
    REQUIRE(of_first.records.size() + of_second.records.size() == 4800);
    of_second.commit_all();
    second.reset();
    event_counts sum;
    for (auto const& each : topic.admin->group(topic.group, topic.name).value().positions) sum += each.counts;
    REQUIRE(sum == event_counts{.in = 4800, .indexed = 4800});
}
