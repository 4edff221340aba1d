#include "mock_cluster.hpp"
#include "support/catch.hpp"

#include <set>

using namespace logpipe;
using namespace logpipe::kafka;
using namespace logpipe::test;

namespace {

/// Everything in the topic, by a new group.
std::vector<std::string> stored(mock_cluster const& cluster) {
    auto options = cluster.source_options();
    options.group = "looks";
    options.until_end = true;
    auto const from = make_kafka_source(options);
    REQUIRE(from->open());
    taken_events taken{*from};
    REQUIRE(taken.read_to_end());
    return taken.records;
}

std::set<std::string> distinct(std::vector<std::string> const& records) {
    return {records.begin(), records.end()};
}

}  // namespace

TEST_CASE("messages that the broker never takes are rejected one by one, and the sink goes on", "[kafka]") {
    mock_cluster cluster;
    awaited_reports reports;
    auto const to = make_kafka_sink(cluster.sink_options());
    REQUIRE(to->open(reports));
    cluster.fail_next(mock_cluster::produce, std::vector(100, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE));
    auto events = numbered_events(0, 5);
    REQUIRE(to->write(events));
    REQUIRE(reports.wait_events(5));
    REQUIRE(reports.counts().indexed == 0);
    REQUIRE(reports.rejections().size() == 5);
    REQUIRE(reports.rejections().front().second == "7 bytes: Broker: Message size too large");
    rd_kafka_mock_clear_request_errors(cluster.get(), mock_cluster::produce);
    auto more = numbered_events(5, 3);
    REQUIRE(to->write(more));
    REQUIRE(reports.wait_events(8));
    REQUIRE(reports.counts().indexed == 3);
    REQUIRE(distinct(stored(cluster)).size() == 3);
}

TEST_CASE("after a fatal error the client is recreated, and all that was in flight is sent once more", "[kafka]") {
    mock_cluster cluster;
    awaited_reports reports;
    auto const to = make_kafka_sink(cluster.sink_options());
    REQUIRE(to->open(reports));
    auto first = numbered_events(0, 10);
    REQUIRE(to->write(first));
    REQUIRE(reports.wait_events(10));
    cluster.fail_next(mock_cluster::produce, {RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER});
    for (int i = 1; i < 20; ++i) {
        auto events = numbered_events(i * 10, 10);
        REQUIRE(to->write(events));
    }
    REQUIRE(reports.wait_events(200));
    REQUIRE(gauge_of(to->status(), "kafka_clients_recreated_total") == 1);
    REQUIRE(to->status().up);
    REQUIRE(reports.counts().indexed == 200);
    REQUIRE(distinct(stored(cluster)).size() == 200);
}

TEST_CASE("a topic that may not be written stops the sink with one clear line, and is retried", "[kafka]") {
    mock_cluster cluster;
    awaited_reports reports;
    auto const to = make_kafka_sink(cluster.sink_options());
    REQUIRE(to->open(reports));
    cluster.fail_next(mock_cluster::produce, std::vector(3, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED));
    auto events = numbered_events(0, 2);
    REQUIRE(to->write(events));
    REQUIRE(comes_true([&] { return !to->status().up; }));
    REQUIRE_THAT(to->status().reason, ContainsSubstring("writing to topic t: Broker: Topic authorization failed"));
    auto more = numbered_events(2, 2);
    auto const written = to->write(more);
    REQUIRE(written.has_error());
    REQUIRE(written.error().code == errc::unauthorized);
    REQUIRE(more.events.size() == 2);
    REQUIRE(reports.wait_events(2));
    REQUIRE(to->status().up);
    REQUIRE(to->write(more));
    REQUIRE(reports.wait_events(4));
    REQUIRE(reports.counts().indexed == 4);
}

TEST_CASE("transient failures are retried without an error", "[kafka]") {
    mock_cluster cluster;
    awaited_reports reports;
    auto const to = make_kafka_sink(cluster.sink_options());
    REQUIRE(to->open(reports));
    cluster.fail_next(mock_cluster::produce,
                      {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                       RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND});
    auto events = numbered_events(0, 5);
    REQUIRE(to->write(events));
    REQUIRE(reports.wait_events(5));
    REQUIRE(reports.counts().indexed == 5);
    REQUIRE(reports.rejections().empty());
}

TEST_CASE(
    "a sink whose messages are rejected for too few replicas says so after a while, and is up again with the first "
    "that is taken",
    "[kafka]") {
    mock_cluster cluster;
    awaited_reports reports;
    auto const to = make_kafka_sink(cluster.sink_options());
    REQUIRE(to->open(reports));
    cluster.fail_next(mock_cluster::produce, std::vector(10'000, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS));
    auto events = numbered_events(0, 5);
    REQUIRE(to->write(events));
    REQUIRE(to->status().up);
    REQUIRE(comes_true([&] { return !to->status().up; }));
    REQUIRE_THAT(to->status().reason, ContainsSubstring("no acknowledgement for") && ContainsSubstring("in-sync"));
    rd_kafka_mock_clear_request_errors(cluster.get(), mock_cluster::produce);
    REQUIRE(reports.wait_events(5));
    REQUIRE(comes_true([&] { return to->status().up; }));
}

TEST_CASE("a message that the user's own timeout ends is sent once more", "[kafka]") {
    mock_cluster cluster;
    awaited_reports reports;
    auto options = cluster.sink_options();
    options.connection.properties = {{"message.timeout.ms", "300"}, {"reconnect.backoff.max.ms", "100"}};
    auto const to = make_kafka_sink(options);
    REQUIRE(to->open(reports));
    rd_kafka_mock_broker_set_down(cluster.get(), 1);
    auto events = numbered_events(0, 5);
    REQUIRE(to->write(events));
    REQUIRE(comes_true([&] { return gauge_of(to->status(), "kafka_messages_retried_total") > 0; }));
    REQUIRE(reports.events() == 0);
    rd_kafka_mock_broker_set_up(cluster.get(), 1);
    REQUIRE(reports.wait_events(5));
    REQUIRE(reports.counts().indexed == 5);
}

TEST_CASE("a broker that stops and restarts costs nothing but time", "[kafka]") {
    mock_cluster cluster;
    awaited_reports reports;
    auto options = cluster.sink_options();
    options.connection.properties = {{"reconnect.backoff.max.ms", "100"}, {"statistics.interval.ms", "100"}};
    auto const to = make_kafka_sink(options);
    REQUIRE(to->open(reports));
    rd_kafka_mock_broker_set_down(cluster.get(), 1);
    auto events = numbered_events(0, 5);
    REQUIRE(to->write(events));
    REQUIRE(comes_true([&] { return !to->status().up; }));
    rd_kafka_mock_broker_set_up(cluster.get(), 1);
    REQUIRE(reports.wait_events(5));
    REQUIRE(comes_true([&] { return to->status().up; }));
}

TEST_CASE("a commit that fails stays due, also while the coordinator moves", "[kafka]") {
    mock_cluster cluster{2};
    {
        awaited_reports reports;
        auto const to = make_kafka_sink(cluster.sink_options());
        REQUIRE(to->open(reports));
        auto events = numbered_events(0, 10);
        REQUIRE(to->write(events));
        REQUIRE(reports.wait_events(10));
    }
    rd_kafka_mock_coordinator_set(cluster.get(), "group", "g", 1);
    auto options = cluster.source_options();
    options.session_timeout = std::chrono::milliseconds{6'000};
    options.connection.properties = {{"heartbeat.interval.ms", "500"}};
    {
        auto const from = make_kafka_source(options);
        REQUIRE(from->open());
        taken_events taken{*from};
        REQUIRE(taken.read(10));
        cluster.fail_next(mock_cluster::offset_commit, std::vector(2, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED));
        taken.commit_all();
        REQUIRE(comes_true([&] { return gauge_of(from->status(), "kafka_commits_failed_total") >= 1; }));
        rd_kafka_mock_coordinator_set(cluster.get(), "group", "g", 2);
        REQUIRE(comes_true([&] { return gauge_of(from->status(), "kafka_lag_events") == 0; }));
        REQUIRE(comes_true([&] { return from->status().up; }));
    }
    auto const again = make_kafka_source(options);
    REQUIRE(again->open());
    REQUIRE(comes_true([&] { return again->counted()->in == 10; }));
}

TEST_CASE("a source knows its backlog before anything is read, and continues as the topic grows", "[kafka]") {
    mock_cluster cluster;
    awaited_reports reports;
    auto const to = make_kafka_sink(cluster.sink_options());
    REQUIRE(to->open(reports));
    auto first = numbered_events(0, 12);
    REQUIRE(to->write(first));
    REQUIRE(reports.wait_events(12));

    // Room for one batch only, and a client's queue that a part of the topic fills: what comes later is not fetched.
    auto options = cluster.source_options();
    options.queue_bytes_max = 1;
    auto const from = make_kafka_source(options);
    REQUIRE_FALSE(from->backlog());
    REQUIRE(from->open());
    REQUIRE(comes_true([&] { return from->backlog() == 12; }));
    for (int i = 0; i < 40; ++i) {
        batch large;
        auto const id = chunk_hash("app.follow", fmt::format("large {}", i), "");
        large.append(large.tag_index("app.follow"), id.at(0), 0, std::string(100'000, 'x'));
        REQUIRE(to->write(large));
    }
    REQUIRE(reports.wait_events(52));
    REQUIRE(comes_true([&] { return from->backlog() == 52; }));
    taken_events taken{*from};
    REQUIRE(taken.read(52));
    REQUIRE(comes_true([&] { return from->backlog() == 0; }));
}

TEST_CASE("a topic that does not exist is named with the one of a like name that does", "[kafka]") {
    mock_cluster cluster;
    rd_kafka_mock_topic_create(cluster.get(), "nginx-logs", 1, 1);
    rd_kafka_mock_topic_set_error(cluster.get(), "nginx-log", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    auto options = cluster.source_options();
    options.topic = "nginx-log";
    auto const opened = make_kafka_source(options)->open();
    REQUIRE(opened.has_error());
    CHECK(opened.error().code == errc::not_found);
    CHECK_THAT(opened.error().message, ContainsSubstring("topic nginx-log does not exist; did you mean nginx-logs?"));
}
