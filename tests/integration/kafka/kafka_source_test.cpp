#include "kafka_support.hpp"

#include "core/clock.hpp"

#include <algorithm>
#include <numeric>
#include <set>

using namespace logpipe;
using namespace logpipe::kafka;
using namespace logpipe::test;

namespace {

std::vector<std::string> numbered(int count) {
    std::vector<std::string> out;
    for (int i = 0; i < count; ++i) out.push_back(fmt::format(R"({{"n":{}}})", i));
    return out;
}

std::vector<batch> many(int count, int each) {
    std::vector<batch> out;
    for (int i = 0; i < count; i += each) out.push_back(numbered_events(i, std::min(each, count - i)));
    return out;
}

kafka_group_position position_of(own_topic const& topic, std::size_t partition) {
    auto const group = topic.admin->group(topic.group, topic.name);
    REQUIRE(group.has_value());
    return group->positions.at(partition);
}

}  // namespace

TEST_CASE("a source gives the sink's events in order with their ids, and a restart goes on where it was safe",
          "[kafka]") {
    own_topic const topic;
    topic.write(many(1000, 100));
    auto const sent = numbered_events(0, 100).events.front().id;
    {
        auto const from = make_kafka_source(topic.source_options());
        REQUIRE(from->open());
        REQUIRE_THAT(from->identity(), ContainsSubstring("/" + topic.name));
        taken_events taken{*from};
        REQUIRE(taken.read(1000));
        REQUIRE(taken.records == numbered(1000));
        REQUIRE(taken.ids.front() == sent);
        REQUIRE(taken.tags.front() == "app.follow");
        REQUIRE(taken.events.front().received_ns > 0);
        REQUIRE(taken.origin == fmt::format("kafka {} partition 0", topic.name));
        taken.commit_all();
    }
    auto const stored = position_of(topic, 0);
    REQUIRE(stored.committed == 1000);
    REQUIRE(stored.counted_from == 0);
    REQUIRE(stored.counts == event_counts{.in = 1000, .indexed = 1000});

    topic.write({numbered_events(1000, 5)});
    auto const from = make_kafka_source(topic.source_options());
    REQUIRE(from->open());
    taken_events taken{*from};
    REQUIRE(taken.read(5));
    REQUIRE(taken.records.front() == R"({"n":1000})");
    REQUIRE(from->counted() == event_counts{.in = 1000, .indexed = 1000});
    taken.commit_all();
    REQUIRE(comes_true([&] { return position_of(topic, 0).counts.in == 1005; }));
}

TEST_CASE("both times and the tag arrive to the nanosecond, among messages of before and of others", "[kafka]") {
    own_topic const topic;
    constexpr std::int64_t received_ns = 1'769'823'099'995'470'770;
    constexpr std::int64_t time_ns = 1'769'823'098'000'000'003;
    auto events = numbered_events(0, 1, received_ns);
    events.events.front().time_ns = time_ns;
    auto const id = events.events.front().id;
    topic.write({});  // makes the topic
    auto const before = kafka_admin::outgoing{.key = kafka_key(id.at(7)), .value = "{}", .timestamp_ms = 1'500'000};
    auto const foreign = kafka_admin::outgoing{.key = "k", .value = "{}", .timestamp_ms = 1'600'000};
    REQUIRE(topic.admin->send(topic.name, {before}));
    std::vector<batch> batches;
    batches.push_back(std::move(events));
    topic.write(std::move(batches));
    REQUIRE(topic.admin->send(topic.name, {before, foreign}));

    auto const from = make_kafka_source(topic.source_options());
    REQUIRE(from->open());
    taken_events taken{*from};
    REQUIRE(taken.read(4));
    CHECK(taken.tags == std::vector{topic.name, std::string{"app.follow"}, topic.name, topic.name});
    std::vector<std::int64_t> received;
    std::vector<std::int64_t> times;
    for (auto const& each : taken.events) {
        received.push_back(each.received_ns);
        times.push_back(each.time_ns);
    }
    CHECK(received == std::vector<std::int64_t>{1'500'000'000'000, received_ns, 1'500'000'000'000, 1'600'000'000'000});
    CHECK(times == std::vector<std::int64_t>{0, time_ns, 0, 0});
    CHECK(taken.ids[0] == id.at(7));
    CHECK(taken.ids[1] == id);
    CHECK(taken.ids[2] == id.at(7));
}

TEST_CASE("what was not safe comes again after a restart", "[kafka]") {
    own_topic const topic;
    topic.write(many(50, 50));
    {
        auto const from = make_kafka_source(topic.source_options());
        REQUIRE(from->open());
        taken_events taken{*from};
        REQUIRE(taken.read(50));
    }
    auto const from = make_kafka_source(topic.source_options());
    REQUIRE(from->open());
    taken_events taken{*from};
    REQUIRE(taken.read(50));
    REQUIRE(taken.records == numbered(50));
}

TEST_CASE("members share the partitions, and one that leaves hands its own over with the position and the counts",
          "[kafka]") {
    own_topic const topic{4};
    topic.write(many(4000, 50));
    auto first = make_kafka_source(topic.source_options());
    REQUIRE(first->open());
    taken_events of_first{*first};
    REQUIRE(of_first.read(100));
    auto second = make_kafka_source(topic.source_options());
    REQUIRE(second->open());
    taken_events of_second{*second};
    // The first one drains what it must give up: what it read becomes safe meanwhile.
    REQUIRE(comes_true([&] {
        of_first.commit_all();
        REQUIRE(of_first.read_some());
        return gauge_of(second->status(), "kafka_assigned_partitions") == 2;
    }));
    REQUIRE(comes_true([&] { return gauge_of(first->status(), "kafka_assigned_partitions") == 2; }));
    auto const group = topic.admin->group(topic.group, topic.name);
    REQUIRE(group.has_value());
    REQUIRE(group->state == "Stable");
    REQUIRE(group->members.size() == 2);
    REQUIRE(group->members.front().partitions.size() == 2);

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

TEST_CASE("a full intake stops the reading, not the membership, and nothing is lost by it", "[kafka]") {
    own_topic const topic{2};
    topic.write(many(20'000, 500));
    auto options = topic.source_options();
    options.queue_bytes_max = 100'000;
    options.session_timeout = std::chrono::milliseconds{6'000};
    options.poll_interval_max = std::chrono::milliseconds{6'000};
    auto const from = make_kafka_source(options);
    REQUIRE(from->open());
    REQUIRE(comes_true([&] { return gauge_of(from->status(), "kafka_buffered_bytes") >= 100'000; }));
    auto const until = std::chrono::steady_clock::now() + std::chrono::seconds{8};
    REQUIRE(comes_true([&] { return std::chrono::steady_clock::now() > until; }));  // longer than a poll may wait
    REQUIRE(gauge_of(from->status(), "kafka_buffered_bytes") < 400'000);
    REQUIRE(gauge_of(from->status(), "kafka_rebalances_total") == 1);
    taken_events taken{*from};
    REQUIRE(taken.read(20'000));
    REQUIRE(std::set(taken.records.begin(), taken.records.end()).size() == 20'000);
    REQUIRE(gauge_of(from->status(), "kafka_missing_offsets_total") == 0);
}

TEST_CASE("foreign messages get ids that a second reading repeats, and equal ones differ", "[kafka]") {
    own_topic const topic;
    topic.write({numbered_events(0, 1)});
    REQUIRE(topic.admin->send(topic.name, {{.key = "k", .value = "same"}, {.key = "k", .value = "same"}}));
    std::vector<std::vector<event_id>> ids;
    for (int i = 0; i < 2; ++i) {
        auto options = topic.source_options();
        options.group = unique_name("group");
        auto const from = make_kafka_source(options);
        REQUIRE(from->open());
        taken_events taken{*from};
        REQUIRE(taken.read(3));
        ids.push_back(taken.ids);
    }
    REQUIRE(ids[0] == ids[1]);
    REQUIRE(std::set(ids[0].begin(), ids[0].end()).size() == 3);
    REQUIRE(std::ranges::all_of(ids[0], [](event_id id) { return static_cast<bool>(id); }));
}

TEST_CASE("a tombstone is passed over, counted, and the position goes past it", "[kafka]") {
    own_topic const topic;
    topic.write({numbered_events(0, 2)});
    REQUIRE(topic.admin->send(topic.name, {{.key = "gone", .value = std::nullopt}}));
    auto const from = make_kafka_source(topic.source_options());
    REQUIRE(from->open());
    taken_events taken{*from};
    REQUIRE(taken.read(2));
    REQUIRE(comes_true([&] { return gauge_of(from->status(), "kafka_tombstones_total") == 1; }));
    REQUIRE(position_of(topic, 0).committed <= 0);
    taken.commit_all();
    REQUIRE(comes_true([&] { return position_of(topic, 0).committed == 3; }));
    REQUIRE(comes_true([&] { return gauge_of(from->status(), "kafka_lag_events") == 0; }));
}

TEST_CASE("a group without a position starts at the end or at a time where it is told to", "[kafka]") {
    own_topic const topic;
    topic.write(
        {numbered_events(0, 10, 1'000'000'000'000'000'000), numbered_events(10, 10, 1'500'000'000'000'000'000)});
    auto options = topic.source_options();
    SECTION("end") {
        options.from = "end";
        auto from = make_kafka_source(options);
        REQUIRE(from->open());
        // From there on it is the group's position, also if it stops before the next message.
        REQUIRE(comes_true([&] { return position_of(topic, 0).committed == 20; }));
        from.reset();
        topic.write({numbered_events(20, 1)});
        auto const again = make_kafka_source(options);
        REQUIRE(again->open());
        taken_events taken{*again};
        REQUIRE(taken.read(1));
        REQUIRE(taken.records == std::vector<std::string>{R"({"n":20})"});
    }
    SECTION("time") {
        options.from = iso_time(1'200'000'000'000'000'000);
        auto const from = make_kafka_source(options);
        REQUIRE(from->open());
        taken_events taken{*from};
        REQUIRE(taken.read(10));
        REQUIRE(taken.records.front() == R"({"n":10})");
    }
    SECTION("a time that no message has reached") {
        options.from = "2200-01-01T00:00:00Z";
        auto const from = make_kafka_source(options);
        REQUIRE(from->open());
        REQUIRE(comes_true([&] { return position_of(topic, 0).committed == 20; }));
    }
    SECTION("nonsense") {
        options.from = "yesterday";
        auto const opened = make_kafka_source(options)->open();
        REQUIRE(!opened);
        REQUIRE(opened.error().code == errc::invalid_argument);
    }
}

TEST_CASE("a run until the end stops there, also where the end holds no event", "[kafka]") {
    own_topic const topic{3};
    topic.write(many(300, 10));
    REQUIRE(topic.admin->send(topic.name, {{.key = "gone", .value = std::nullopt}}));
    auto options = topic.source_options();
    options.until_end = true;
    auto const from = make_kafka_source(options);
    REQUIRE(from->open());
    taken_events taken{*from};
    REQUIRE(taken.read_to_end());
    REQUIRE(taken.records.size() == 300);
}

TEST_CASE("stop() ends the reading behind what was taken in, and commits still count", "[kafka]") {
    own_topic const topic;
    topic.write(many(2000, 100));
    auto from = make_kafka_source(topic.source_options());
    REQUIRE(from->open());
    taken_events taken{*from};
    REQUIRE(taken.read(100));
    from->stop();
    REQUIRE(taken.read_to_end());
    auto const count = taken.records.size();
    taken.commit_all();
    from.reset();
    REQUIRE(position_of(topic, 0).committed == static_cast<std::int64_t>(count));
    REQUIRE(topic.admin->group(topic.group, topic.name).value().state == "Empty");
}

TEST_CASE("a topic that is not there yet is waited for", "[kafka]") {
    own_topic const topic;
    auto const from = make_kafka_source(topic.source_options());
    auto const opened = from->open();
    REQUIRE(!opened);
    REQUIRE(opened.error().code == errc::not_found);
    topic.write({numbered_events(0, 3)});
    REQUIRE(from->open());
    taken_events taken{*from};
    REQUIRE(taken.read(3));
}

TEST_CASE("a static member that comes back has its partitions without a rebalance of the others", "[kafka]") {
    own_topic const topic{2};
    topic.write(many(100, 10));
    auto options = topic.source_options();
    options.instance_id = "one";
    options.revoke_drain = std::chrono::milliseconds{500};  // nobody says here that anything is safe
    auto member = make_kafka_source(options);
    REQUIRE(member->open());
    options.instance_id = "two";
    auto const other = make_kafka_source(options);
    REQUIRE(other->open());
    REQUIRE(comes_true([&] {
        return gauge_of(member->status(), "kafka_assigned_partitions") == 1 &&
               gauge_of(other->status(), "kafka_assigned_partitions") == 1;
    }));
    auto const rebalances = gauge_of(other->status(), "kafka_rebalances_total");
    member.reset();
    options.instance_id = "one";
    member = make_kafka_source(options);
    REQUIRE(member->open());
    REQUIRE(comes_true([&] { return gauge_of(member->status(), "kafka_assigned_partitions") == 1; }));
    REQUIRE(gauge_of(other->status(), "kafka_rebalances_total") == rebalances);
}

namespace {

/// Members join and leave at moments of their own, side by side; then one has all that was written to the topic.
void stop_members_while_they_join(own_topic const& topic, kafka_source_options options, int members, int rounds) {
    topic.write({numbered_events(0, 10)});
    options.session_timeout = std::chrono::seconds{6};
    options.connection.properties = {{"heartbeat.interval.ms", "100"}};
    {
        std::vector<std::jthread> joining;
        for (int member = 0; member < members; ++member)
            joining.emplace_back([&options, member, rounds] {
                for (int round = 0; round < rounds; ++round) {
                    auto const joins = make_kafka_source(options);
                    if (!joins->open()) std::abort();  // Catch2's macros are for its own thread
                    std::this_thread::sleep_for(std::chrono::milliseconds{(round * 37 + member * 111) % 400});
                }
            });
    }
    auto const last = make_kafka_source(options);
    REQUIRE(last->open());
    REQUIRE(comes_true([&] { return gauge_of(last->status(), "kafka_assigned_partitions") == 4; }));
    taken_events taken{*last};
    REQUIRE(taken.read(10));
    REQUIRE(taken.records == numbered(10));
}

}  // namespace

TEST_CASE("members that are stopped at any moment of their joining end in order, and the next one has it all",
          "[kafka]") {
    own_topic const topic{4};
    stop_members_while_they_join(topic, topic.source_options(), 4, 15);
}

TEST_CASE("static members of one name, stopped at any moment, end in order although they fence each other", "[kafka]") {
    own_topic const topic{4};
    auto options = topic.source_options();
    options.instance_id = "one";
    stop_members_while_they_join(topic, std::move(options), 3, 20);
}
