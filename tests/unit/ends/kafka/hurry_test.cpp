// How much is handed to librdkafka, and when it leaves before its linger time, which is longer here than a test waits.
#include "mock_cluster.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <thread>

using namespace logpipe;
using namespace logpipe::kafka;
using namespace logpipe::test;
using namespace std::chrono_literals;

namespace {

batch event_of(int number, std::size_t bytes) {
    auto events = numbered_events(number, 1);
    events.records.assign(bytes, 'x');
    events.events.front().record_bytes = static_cast<std::uint32_t>(bytes);
    return events;
}

kafka_sink_options lingering(mock_cluster const& cluster) {
    auto options = cluster.sink_options();
    options.linger = 300s;
    return options;
}

}  // namespace

TEST_CASE("much that was written leaves at once when nothing more comes, for the source may wait for it", "[kafka]") {
    mock_cluster cluster;
    awaited_reports reports;
    auto const to = make_kafka_sink(lingering(cluster));
    REQUIRE(to->open(reports));
    auto events = event_of(0, 300'000);
    REQUIRE(to->write(events));
    REQUIRE(to->flush());
    CHECK(reports.wait_events(1));
}

TEST_CASE("waiting for room in the sink does not take the linger time", "[kafka]") {
    mock_cluster cluster;
    awaited_reports reports;
    auto options = lingering(cluster);
    options.queue_bytes_max = 100'000;
    auto const to = make_kafka_sink(options);
    REQUIRE(to->open(reports));
    for (int i = 0; i < 5; ++i) {
        auto events = event_of(i, 60'000);
        REQUIRE(to->write(events));
    }
    CHECK(reports.wait_events(2));
}

TEST_CASE("little waits for company within the linger time", "[kafka]") {
    mock_cluster cluster;
    awaited_reports reports;
    auto const to = make_kafka_sink(lingering(cluster));
    REQUIRE(to->open(reports));
    auto first = event_of(0, 1'000);
    REQUIRE(to->write(first));
    REQUIRE(to->flush());
    auto second = event_of(1, 300'000);
    REQUIRE(to->write(second));
    CHECK(reports.events() == 0);
    REQUIRE(to->flush());
    CHECK(reports.wait_events(2));
}

TEST_CASE("a batch of any size waits in the sink, not in librdkafka's queue", "[kafka]") {
    mock_cluster cluster;
    rd_kafka_mock_broker_set_rtt(cluster.get(), 1, 20);
    awaited_reports reports;
    auto const to = make_kafka_sink(cluster.sink_options());
    REQUIRE(to->open(reports));
    batch events;
    auto const tag = events.tag_index("t");
    for (std::uint64_t i = 0; i < 100; ++i) events.append(tag, {.high = 1, .low = i}, 5, std::string(100'000, 'x'));
    std::jthread const writer{[&] { (void)to->write(events); }};
    double most = 0;
    for (auto const end = in_time(); reports.events() < 100; std::this_thread::sleep_for(1ms)) {
        REQUIRE(std::chrono::steady_clock::now() < end);
        most = std::max(most, gauge_of(to->status(), "kafka_in_flight_bytes"));
    }
    CHECK(most > 1'000'000);
    CHECK(most < 2'600'000);
}
