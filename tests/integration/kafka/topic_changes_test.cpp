#include "topic_operator.hpp"

#include <algorithm>
#include <set>

using namespace logpipe;
using namespace logpipe::kafka;
using namespace logpipe::test;

namespace {

kafka_group_position position_of(own_topic const& topic, std::size_t partition) {
    return topic.admin->group(topic.group, topic.name).value().positions.at(partition);
}

void read_and_commit(own_topic const& topic, std::size_t count) {
    auto const from = make_kafka_source(topic.source_options());
    REQUIRE(from->open());
    taken_events taken{*from};
    REQUIRE(taken.read(count));
    taken.commit_all();
}

bool was_logged(std::string const& text) {
    return std::ranges::any_of(recent_notes(), [&](auto const& note) { return note.message.contains(text); });
}

std::vector<std::string> read_to_end_of(own_topic const& topic) {
    auto options = topic.source_options();
    options.until_end = true;
    auto const from = make_kafka_source(options);
    REQUIRE(from->open());
    taken_events taken{*from};
    REQUIRE(taken.read_to_end());
    taken.commit_all();
    std::ranges::sort(taken.records);
    return taken.records;
}

}  // namespace

TEST_CASE("a topic that ends before the committed offset is read from its beginning, and the log says so", "[kafka]") {
    own_topic const topic;
    topic_operator{topic}.create(1);
    SECTION("it has messages") {
        topic.write({numbered_events(500, 30)});
        read_and_commit(topic, 30);
        REQUIRE(topic.admin->move_group(topic.group, topic.name, {{0, 100}}));
        auto const from = make_kafka_source(topic.source_options());
        REQUIRE(from->open());
        taken_events taken{*from};
        REQUIRE(taken.read(30));
        REQUIRE(taken.records.front() == R"({"n":500})");
        REQUIRE(gauge_of(from->status(), "kafka_offsets_beyond_end_total") == 1);
        REQUIRE(
            was_logged(fmt::format("{} partition 0: group {} has committed offset 100, but the partition ends at 30",
                                   topic.name, topic.group)));
        taken.commit_all();
        REQUIRE(comes_true([&] { return position_of(topic, 0).committed == 30; }));
        auto const position = position_of(topic, 0);
        REQUIRE(position.counted_from == 0);
        REQUIRE(position.counts == event_counts{.in = 30, .indexed = 30});
    }
    SECTION("it is read to its end") {
        topic.write({numbered_events(500, 30)});
        REQUIRE(topic.admin->move_group(topic.group, topic.name, {{0, 100}}));
        REQUIRE(read_to_end_of(topic).size() == 30);
    }
    SECTION("it is empty") {
        REQUIRE(topic.admin->move_group(topic.group, topic.name, {{0, 100}}));
        REQUIRE(read_to_end_of(topic).empty());
        REQUIRE(position_of(topic, 0).committed == 0);
    }
}

TEST_CASE("a topic that is deleted and made again while it is read is read from its beginning", "[kafka]") {
    own_topic const topic;
    topic_operator operating{topic};
    operating.create(1);
    topic.write({numbered_events(0, 20)});
    auto const from = make_kafka_source(topic.source_options());
    REQUIRE(from->open());
    {
        taken_events old{*from};
        REQUIRE(old.read(20));
        old.commit_all();
        REQUIRE(comes_true([&] { return position_of(topic, 0).committed == 20; }));
    }
    operating.remove();
    operating.create(1);
    topic.write({numbered_events(500, 50)});

    std::set<std::string> records;
    REQUIRE(comes_true([&] {
        batch into;
        if (!from->read(into, std::chrono::steady_clock::now() + std::chrono::milliseconds{200})) {
            (void)from->open();  // tried again, as the pump does
            return false;
        }
        for (auto const& row : into.events) records.emplace(into.record(row));
        if (into.empty()) return false;
        progress const safe{.safe = {.partition = into.partition, .offset = into.end_offset},
                            .counts = {.in = into.events.size(), .indexed = into.events.size()}};
        REQUIRE(from->commit({&safe, 1}));
        return records.size() == 50;
    }));
    CHECK(*records.begin() == R"({"n":500})");
    // By its id, or by its offsets where a read comes first.
    CHECK((was_logged(fmt::format("topic {} was deleted and recreated", topic.name)) ||
           was_logged(fmt::format("kafka {} partition 0 continues at offset 0 instead of 20", topic.name))));
    CHECK(comes_true([&] { return position_of(topic, 0).committed == 50; }));
}

TEST_CASE("partitions that are added are written to and read, from their beginning also with a start at the end",
          "[kafka]") {
    own_topic const topic;
    topic.write({numbered_events(0, 10)});
    auto options = topic.source_options();
    options.from = "end";
    topic_operator operates{topic};
    SECTION("while both run") {
        auto const from = make_kafka_source(options);
        REQUIRE(from->open());
        REQUIRE(comes_true([&] { return position_of(topic, 0).committed == 10; }));
        awaited_reports reports;
        auto const to = make_kafka_sink(topic.sink_options());
        REQUIRE(to->open(reports));
        operates.add_partitions(3);
        int written = 0;
        auto const used = [&] {
            auto const partitions = topic.admin->partitions(topic.name).value();
            return partitions.size() == 3 &&
                   std::ranges::all_of(partitions, [](auto const& each) { return each.end > 0; });
        };
        while (!used()) {
            auto next = numbered_events(10 + written, 1);
            REQUIRE(to->write(next));
            REQUIRE(reports.wait_events(static_cast<std::size_t>(++written)));
        }
        taken_events taken{*from};
        REQUIRE(taken.read(static_cast<std::size_t>(written)));
        REQUIRE(std::set(taken.records.begin(), taken.records.end()).size() == static_cast<std::size_t>(written));
    }
    SECTION("while no member runs") {
        {
            auto const from = make_kafka_source(options);
            REQUIRE(from->open());
            REQUIRE(comes_true([&] { return position_of(topic, 0).committed == 10; }));
        }
        operates.add_partitions(2);
        topic.write({numbered_events(10, 5), numbered_events(15, 5)});
        auto const from = make_kafka_source(options);
        REQUIRE(from->open());
        taken_events taken{*from};
        REQUIRE(taken.read(10));
        REQUIRE(taken.records.size() == 10);
    }
}

TEST_CASE("a run until the end ends behind whatever stands there", "[kafka]") {
    SECTION("nothing at all") {
        own_topic const topic;
        topic_operator{topic}.create(3);
        REQUIRE(read_to_end_of(topic).empty());
    }
    SECTION("markers of transactions, aborted messages, empty partitions") {
        own_topic const topic;
        topic_operator{topic}.create(3);
        transactional_writer writer{topic};
        writer.begin();
        writer.write(0, "kept 1");
        writer.write(1, "kept 2");
        writer.commit();
        writer.begin();
        writer.write(0, "dropped");
        writer.abort();
        REQUIRE(read_to_end_of(topic) == std::vector<std::string>{"kept 1", "kept 2"});
        REQUIRE(position_of(topic, 0).committed == 4);
        REQUIRE(read_to_end_of(topic).empty());  // also from there
    }
    SECTION("a transaction that is open") {
        own_topic const topic;
        topic_operator{topic}.create(1);
        topic.write({numbered_events(0, 3)});
        transactional_writer writer{topic};
        writer.begin();
        writer.write(0, "not yet");
        REQUIRE(read_to_end_of(topic).size() == 3);
        writer.commit();
        REQUIRE(read_to_end_of(topic) == std::vector<std::string>{"not yet"});
    }
    SECTION("tombstones alone") {
        own_topic const topic;
        topic_operator{topic}.create(2);
        REQUIRE(
            topic.admin->send(topic.name, {{.key = "a", .value = std::nullopt}, {.key = "b", .value = std::nullopt}}));
        REQUIRE(read_to_end_of(topic).empty());
    }
}

TEST_CASE("a message that the topic takes from nobody is rejected alone, and its neighbours are stored", "[kafka]") {
    own_topic const topic;
    topic_operator{topic}.create(1, {{"cleanup.policy", "compact"}});
    auto events = numbered_events(0, 5);
    events.append(0, {}, 0, R"({"without":"a key"})");  // which a compacted topic asks for
    awaited_reports reports;
    auto const to = make_kafka_sink(topic.sink_options());
    REQUIRE(to->open(reports));
    REQUIRE(to->write(events));
    REQUIRE(reports.wait_events(6));
    REQUIRE(reports.rejections().size() == 1);
    REQUIRE(reports.rejections().front().first == R"({"without":"a key"})");
    REQUIRE(read_to_end_of(topic).size() == 5);
    REQUIRE(to->status().up);
}
