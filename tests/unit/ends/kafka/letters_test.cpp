#include "codec/dead_letter_frame.hpp"
#include "kafka/kafka_letter.hpp"
#include "mock_cluster.hpp"
#include "support/catch.hpp"

#include <optional>

using namespace logpipe;
using namespace logpipe::codec;
using namespace logpipe::kafka;
using namespace logpipe::test;

namespace {

constexpr std::int64_t noon_ns = 1'769'860'800'123'456'789;

dead_letter_view letter_with(std::string_view record) {
    return {.id = {.high = 5, .low = 7},
            .stage = "normalize",
            .reason = "bad \"line\"",
            .origin = "kafka t 0 offset 3",
            .tag = "",
            .time_ns = noon_ns,
            .received_ns = noon_ns - 1,
            .record = record};
}

batch batch_of(std::vector<dead_letter_view> const& letters) {
    batch events;
    for (auto const& each : letters) {
        auto& row = events.append(events.tag_index("logpipe.dead"), each.id, noon_ns, {});
        append_dead_letter_frame(events.records, each);
        row.record_bytes = static_cast<std::uint32_t>(events.records.size() - row.record_begin);
        row.received_ns = noon_ns;
    }
    events.counts.in = events.events.size();
    return events;
}

}  // namespace

TEST_CASE("Kafka's sink for dead letters writes the original bytes, and makes key and headers of the head", "[kafka]") {
    mock_cluster cluster;
    auto options = cluster.sink_options();
    options.letters = true;
    std::string const hostile{"\xfeLPD\0\x01\"\xff{", 9};
    auto part = letter_with("second part");
    part.part = {.index = 1, .count = 2};
    awaited_reports reports;
    auto const to = make_kafka_sink(options);
    REQUIRE(to->open(reports));
    auto several = letter_with("a pack");
    several.entries = 100'000;
    several.event_time_ns = noon_ns - 2;
    several.part = {.index = 0, .count = 2};
    auto events = batch_of({letter_with(hostile), letter_with(""), part, several});
    REQUIRE(to->write(events));
    REQUIRE(reports.wait_events(4));
    REQUIRE(reports.rejections().empty());

    auto const admin = make_kafka_admin(cluster.connection(), std::chrono::seconds{30}).value();
    std::size_t count = 0;
    auto const look = [&](kafka_message const& message) -> result<> {
        auto const read = read_kafka_letter(message);
        REQUIRE(read.has_value());
        REQUIRE(message.timestamp_ms == noon_ns / 1'000'000);
        REQUIRE(read->id == part.id);
        REQUIRE((read->stage == part.stage && read->reason == part.reason && read->origin == part.origin));
        REQUIRE((read->tag.empty() && read->tag.data() != nullptr));
        REQUIRE((read->time_ns == noon_ns && read->received_ns == noon_ns - 1));
        REQUIRE(read->event_time_ns == (count == 3 ? noon_ns - 2 : 0));
        REQUIRE(read->entries == (count == 3 ? 100'000U : 0U));
        REQUIRE(message.header("logpipe-letter") == (count == 3 ? "2" : "1"));
        if (count == 0) REQUIRE(read->record == hostile);
        if (count == 1) REQUIRE(read->record.empty());
        REQUIRE(read->part == (count == 2 ? part.part : count == 3 ? several.part : letter_part{}));
        REQUIRE(message.key == kafka_letter_key(part.id, read->part));
        ++count;
        return {};
    };
    REQUIRE(admin->scan("t", 0, 0, 4, look));
    REQUIRE(count == 4);
}

TEST_CASE("a dead letter over the client's limit is rejected at once, and the others are safe", "[kafka]") {
    mock_cluster cluster;
    auto options = cluster.sink_options();
    options.letters = true;
    std::string const large(1'500'000, 'x');
    awaited_reports reports;
    auto const to = make_kafka_sink(options);
    REQUIRE(to->open(reports));
    auto events = batch_of({letter_with("a"), letter_with(large), letter_with("b")});
    REQUIRE(to->write(events));
    REQUIRE(reports.wait_events(3));
    REQUIRE(reports.counts().indexed == 2);
    REQUIRE(reports.rejections().size() == 1);
}
