#include "topic_operator.hpp"

#include <set>

using namespace logpipe;
using namespace logpipe::kafka;
using namespace logpipe::test;

namespace {

struct stored_message {
    std::int32_t partition;
    std::string key;
    std::string value;
    std::int64_t timestamp_ms;
    event_id id;
};

std::vector<stored_message> messages_of(own_topic const& topic) {
    std::vector<stored_message> out;
    auto const partitions = topic.admin->partitions(topic.name);
    REQUIRE(partitions.has_value());
    for (auto const& each : *partitions) {
        auto const scanned = topic.admin->scan(
            topic.name, each.partition, each.begin, each.end, [&](kafka_message const& message) -> result<> {
                out.push_back({.partition = message.partition,
                               .key = std::string{message.key},
                               .value = std::string{message.value.value_or("(none)")},
                               .timestamp_ms = message.timestamp_ms,
                               .id = message.id});
                return {};
            });
        REQUIRE(scanned);
    }
    return out;
}

}  // namespace

TEST_CASE("a message is the record, keyed by id, both times and tag, stamped with when it was received", "[kafka]") {
    own_topic const topic;
    constexpr std::int64_t received_ns = 1'423'456'789'123'456'789;
    constexpr std::int64_t time_ns = 1'423'456'788'000'000'001;
    auto events = numbered_events(7, 2, received_ns);
    for (auto& row : events.events) row.time_ns = time_ns;
    auto const ids = std::vector{events.events[0].id, events.events[1].id};
    topic.write({std::move(events)});

    auto const stored = messages_of(topic);
    REQUIRE(stored.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
        REQUIRE(stored[i].value == fmt::format(R"({{"n":{}}})", 7 + i));
        REQUIRE(stored[i].key ==
                kafka_event_key({.id = ids[i], .received_ns = received_ns, .time_ns = time_ns, .tag = "app.follow"}));
        REQUIRE(stored[i].id == ids[i]);
        REQUIRE(stored[i].timestamp_ms == 1'423'456'789'123);
    }
}

TEST_CASE("an unknown topic is made with its partitions, and whole batches are spread over them", "[kafka]") {
    own_topic const topic{3};
    awaited_reports reports;
    auto const to = make_kafka_sink(topic.sink_options());
    REQUIRE(to->open(reports));
    REQUIRE(topic.admin->partitions(topic.name).value().size() == 3);
    // At its start a client learns of the partitions' leaders one by one, and passes over those without one.
    auto first = numbered_events(60, 10);
    REQUIRE(to->write(first));
    REQUIRE(reports.wait_events(10));
    for (int i = 0; i < 6; ++i) {
        auto next = numbered_events(i * 10, 10);
        REQUIRE(to->write(next));
    }
    REQUIRE(reports.wait_events(70));

    std::map<int, std::set<std::int32_t>> partitions_of_batch;
    std::map<std::int32_t, int> in_partition;
    for (auto const& each : messages_of(topic)) {
        auto const batch = std::stoi(each.value.substr(5)) / 10;
        partitions_of_batch[batch].insert(each.partition);
        if (batch < 6) ++in_partition[each.partition];
    }
    REQUIRE(partitions_of_batch.size() == 7);
    for (auto const& [batch, partitions] : partitions_of_batch) REQUIRE(partitions.size() == 1);
    REQUIRE(in_partition == std::map<std::int32_t, int>{{0, 20}, {1, 20}, {2, 20}});
}

TEST_CASE("without leave to make it, an unknown topic is named with what to do", "[kafka]") {
    own_topic const topic;
    auto options = topic.sink_options();
    options.create = false;
    awaited_reports reports;
    auto const opened = make_kafka_sink(options)->open(reports);
    REQUIRE(!opened);
    REQUIRE(opened.error().code == errc::not_found);
    REQUIRE_THAT(opened.error().message, ContainsSubstring("topic " + topic.name + " does not exist"));
    REQUIRE_THAT(opened.error().message, ContainsSubstring("--create --topic " + topic.name));
    REQUIRE(topic.admin->partitions(topic.name).has_error());  // asking has not made it
}

TEST_CASE("a field of the record can be the key, and then the id stands in a header", "[kafka]") {
    own_topic const topic{4};
    batch events;
    auto const tag = events.tag_index("app.follow");
    auto const id = chunk_hash("t", "c", "");
    for (std::uint32_t i = 0; i < 40; ++i)
        events.append(tag, id.at(i), 1'423'456'788'000'000'001 + i, fmt::format(R"({{"host":"h{}","n":{}}})", i % 4, i))
            .received_ns = 1'423'456'789'123'456'789;
    auto options = topic.sink_options();
    options.key_field = "host";
    std::vector<batch> batches;
    batches.push_back(std::move(events));
    topic.write(std::move(batches), options);

    std::map<std::string, std::set<std::int32_t>> partitions_of_key;
    auto const stored = messages_of(topic);
    REQUIRE(stored.size() == 40);
    for (auto const& each : stored) {
        partitions_of_key[each.key].insert(each.partition);
        auto const n = static_cast<std::uint32_t>(std::stoi(each.value.substr(each.value.find("\"n\":") + 4)));
        REQUIRE(each.id == id.at(n));
        REQUIRE(each.key == fmt::format("h{}", n % 4));
    }
    // As Kafka's own Utils.murmur2 has them, of four partitions.
    REQUIRE(partitions_of_key ==
            std::map<std::string, std::set<std::int32_t>>{{"h0", {1}}, {"h1", {1}}, {"h2", {0}}, {"h3", {0}}});

    auto const from = make_kafka_source(topic.source_options());
    REQUIRE(from->open());
    taken_events taken{*from};
    REQUIRE(taken.read(40));
    REQUIRE(taken.tags.front() == "app.follow");
    REQUIRE(std::set(taken.ids.begin(), taken.ids.end()).size() == 40);
    REQUIRE(taken.ids.front().at(0) == id);
    for (std::size_t i = 0; i < 40; ++i) {
        REQUIRE(taken.events[i].received_ns == 1'423'456'789'123'456'789);
        REQUIRE(taken.events[i].time_ns == 1'423'456'788'000'000'001 + taken.ids[i].index());
    }
}

TEST_CASE("a message over the limit is rejected with its size, and the others of its batch are safe", "[kafka]") {
    own_topic const topic;
    auto events = numbered_events(0, 3);
    events.append(0, {}, 0, std::string(2'000'000, 'x'));
    awaited_reports reports;
    auto const to = make_kafka_sink(topic.sink_options());
    REQUIRE(to->open(reports));
    REQUIRE(to->write(events));
    REQUIRE(reports.wait_events(4));
    REQUIRE(reports.counts().indexed == 3);
    REQUIRE(reports.rejections().size() == 1);
    REQUIRE_THAT(reports.rejections().front().second, ContainsSubstring("2000000 bytes"));
    REQUIRE(messages_of(topic).size() == 3);
}

TEST_CASE("what was refused by the topic alone is found by halving", "[kafka]") {
    own_topic const topic;
    topic.write({numbered_events(0, 1)});
    auto options = topic.sink_options();
    options.compression = "none";
    // The client takes more than the topic does (1,048,588 bytes), so that it is the broker who refuses.
    options.connection.properties = {{"message.max.bytes", "4000000"}, {"batch.size", "4000000"}};
    batch events;
    auto const tag = events.tag_index("t");
    for (int i = 0; i < 7; ++i) events.append(tag, {}, 0, std::string(300'000, static_cast<char>('a' + i)));
    events.append(tag, {}, 0, std::string(1'500'000, 'z'));
    awaited_reports reports;
    auto const to = make_kafka_sink(options);
    REQUIRE(to->open(reports));
    REQUIRE(to->write(events));
    REQUIRE(reports.wait_events(8));
    REQUIRE(reports.counts().indexed == 7);
    REQUIRE(reports.rejections().size() == 1);
    REQUIRE(reports.rejections().front().first.front() == 'z');
    REQUIRE(messages_of(topic).size() == 8);
    // And the sink goes on.
    auto more = numbered_events(1, 5);
    REQUIRE(to->write(more));
    REQUIRE(reports.wait_events(13));
}

TEST_CASE("a sink that is full waits for room, and cancel() ends the wait", "[kafka]") {
    own_topic const topic;
    topic_operator{topic}.create(1, {{"min.insync.replicas", "2"}});  // there is one: nothing is acknowledged
    auto options = topic.sink_options();
    options.queue_bytes_max = 500;
    awaited_reports reports;
    auto const to = make_kafka_sink(options);
    REQUIRE(to->open(reports));
    auto first = numbered_events(0, 100);
    REQUIRE(to->write(first));
    auto second = numbered_events(100, 100);
    std::jthread const canceller{[&] { to->cancel(); }};
    auto const written = to->write(second);
    REQUIRE(!written);
    REQUIRE(written.error().code == errc::cancelled);
    REQUIRE(second.events.size() == 100);
}

TEST_CASE("an address where nobody listens is told, and nothing is lost by opening again", "[kafka]") {
    set_up_log({.level = log_level::error});
    kafka_sink_options const options{
        .connection = {.brokers = "127.0.0.1:1", .properties = {{"socket.connection.setup.timeout.ms", "1000"}}},
        .topic = "t"};
    awaited_reports reports;
    auto const to = make_kafka_sink(options);
    auto const opened = to->open(reports);
    REQUIRE(!opened);
    REQUIRE(opened.error().code == errc::not_connected);
    REQUIRE_THAT(opened.error().message, ContainsSubstring("127.0.0.1:1"));
}
