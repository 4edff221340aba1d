#include "logpipe/letters.hpp"

#include "logpipe/pipeline.hpp"
#include "memory_kafka.hpp"
#include "support/catch.hpp"

using namespace logpipe;
using test::memory_kafka;

namespace {

constexpr std::int64_t noon_ms = 1'769'860'800'000;

event_id id_of(std::uint64_t number) {
    return {.high = 1, .low = number << 32U};
}

void add_letter(memory_kafka& cluster, std::uint64_t number, std::int64_t time_ms, std::string const& reason = "bad") {
    dead_letter const letter{.id = id_of(number),
                             .stage = "opensearch",
                             .reason = reason,
                             .origin = "kafka in 0 offset 1",
                             .tag = "t",
                             .time_ns = time_ms * 1'000'000,
                             .event_time_ns = 7,
                             .received_ns = (noon_ms - 5) * 1'000'000,
                             .record = "original " + std::to_string(number)};
    cluster.add("in.dlq", kafka_key(letter.id), to_json(letter), time_ms);
}

std::vector<event_id> live_ids(letter_topic& topic) {
    std::vector<event_id> ids;
    auto const listed = list_letters(topic, 100, [&](letter_summary const& each) { ids.push_back(each.id); });
    REQUIRE(listed.has_value());
    CHECK(listed->letters == ids.size());
    return ids;
}

letter_selection const everything{.ids = {}, .reason = {}, .all = true};

}  // namespace

TEST_CASE("letters are listed once an id, by stage and reason, the newest first", "[letters]") {
    memory_kafka cluster;
    add_letter(cluster, 1, noon_ms, "too long");
    add_letter(cluster, 2, noon_ms + 1);
    add_letter(cluster, 1, noon_ms + 2);
    add_letter(cluster, 3, noon_ms + 3);
    cluster.add("in.dlq", kafka_key(id_of(4)), "no letter", noon_ms + 4);
    auto const topic = make_kafka_letters(cluster, "in.dlq");
    std::vector<std::pair<event_id, std::uint64_t>> newest;
    auto const list =
        list_letters(*topic, 2, [&](letter_summary const& each) { newest.emplace_back(each.id, each.attempts); });
    REQUIRE(list.has_value());
    CHECK(list->letters == 3);
    CHECK(list->unreadable == 1);
    REQUIRE(list->groups.size() == 1);
    CHECK(list->groups[0].reason == "bad");
    CHECK(list->groups[0].letters == 3);
    CHECK(newest == std::vector<std::pair<event_id, std::uint64_t>>{{id_of(3), 1}, {id_of(1), 2}});
}

TEST_CASE("reasons that differ in the values they quote are one", "[letters]") {
    memory_kafka cluster;
    add_letter(cluster, 1, noon_ms, "field [a] in document with id 'x1'. Preview of field's value: 'it's'");
    add_letter(cluster, 2, noon_ms, "field [a] in document with id 'y2'. Preview of field's value: '300'");
    add_letter(cluster, 3, noon_ms, "an 'open end");
    add_letter(cluster, 4, noon_ms, "field [a] of type [byte]. Preview: '300': Value [300] is out of range for a byte");
    add_letter(cluster, 5, noon_ms, "field [a] of type [byte]. Preview: '[4]': Value [[4]] is out of range for a byte");
    add_letter(cluster, 6, noon_ms, "field [a] of type [byte]. Preview: '5': Value [5] is out of range for a byte");
    auto const list = list_letters(*make_kafka_letters(cluster, "in.dlq"), 0, [](letter_summary const&) {});
    REQUIRE(list.has_value());
    REQUIRE(list->groups.size() == 3);
    CHECK(list->groups[0].letters == 3);
    CHECK(list->groups[0].reason == "field [a] of type [byte]. Preview: '…': Value […] is out of range for a byte");
    CHECK(list->groups[1].reason == "field [a] in document with id '…'. Preview of field's value: '…'");
    CHECK(list->groups[2].reason == "an 'open end");
}

TEST_CASE("a retry sends the original bytes with id and time, and settles the letters", "[letters]") {
    memory_kafka cluster;
    add_letter(cluster, 1, noon_ms);
    add_letter(cluster, 2, noon_ms + 1, "other");
    auto const topic = make_kafka_letters(cluster, "in.dlq");
    auto const input = make_kafka_input(cluster, "in");
    letter_selection const by_reason{.ids = {}, .reason = "bad", .all = false};

    auto const dry = retry_letters(*topic, by_reason, input, true);
    REQUIRE(dry.has_value());
    CHECK(dry->letters == 1);
    CHECK_FALSE(cluster.topics.contains("in"));

    auto const done = retry_letters(*topic, by_reason, input, false);
    REQUIRE(done.has_value());
    CHECK(done->letters == 1);
    auto const& sent = cluster.topics["in"].partitions[0];
    REQUIRE(sent.size() == 1);
    auto const received_ns = (noon_ms - 5) * 1'000'000;
    CHECK(sent[0].key == kafka_event_key({.id = id_of(1), .received_ns = received_ns, .time_ns = 7, .tag = "t"}));
    CHECK(sent[0].value == "original 1");
    CHECK(sent[0].timestamp_ms == noon_ms - 5);
    CHECK(live_ids(*topic) == std::vector{id_of(2)});

    auto const again = retry_letters(*topic, {.ids = {id_of(1)}, .reason = {}, .all = false}, input, false);
    REQUIRE(again.has_value());
    CHECK(again->letters == 0);
    CHECK(again->not_found == std::vector{id_of(1)});
    CHECK(cluster.topics["in"].partitions[0].size() == 1);
}

TEST_CASE("a letter that comes between sending and settling stays, behind the tombstone", "[letters]") {
    memory_kafka cluster;
    add_letter(cluster, 1, noon_ms);
    auto const topic = make_kafka_letters(cluster, "in.dlq");
    // The consumer rejects what was sent before the tombstone is written.
    cluster.before_send = [&](std::string const& name) {
        if (name != "in.dlq") return;
        cluster.before_send = {};
        add_letter(cluster, 1, noon_ms + 1, "still bad");
    };
    auto const done = retry_letters(*topic, everything, make_kafka_input(cluster, "in"), false);
    REQUIRE(done.has_value());
    CHECK(done->letters == 1);
    CHECK(live_ids(*topic) == std::vector{id_of(1)});
    // Compaction keeps the last of a key: it must be the letter.
    auto const& messages = cluster.topics["in.dlq"].partitions[0];
    REQUIRE(messages.size() == 4);  // letter, letter, tombstone, the second letter again
    CHECK_FALSE(messages[2].value);
    CHECK(messages[3].value == messages[1].value);
}

TEST_CASE("a retry that broke off after the tombstone is mended by the next one", "[letters]") {
    memory_kafka cluster;
    add_letter(cluster, 1, noon_ms);
    add_letter(cluster, 1, noon_ms + 1);
    cluster.add("in.dlq", kafka_key(id_of(1)), std::nullopt, noon_ms);
    auto const topic = make_kafka_letters(cluster, "in.dlq");
    auto const done = purge_letters(*topic, {.ids = {id_of(9)}, .reason = {}, .all = false});
    REQUIRE(done.has_value());
    auto const& messages = cluster.topics["in.dlq"].partitions[0];
    REQUIRE(messages.size() == 4);
    CHECK(messages[3].value == messages[1].value);
    CHECK(live_ids(*topic) == std::vector{id_of(1)});
    REQUIRE(purge_letters(*topic, {.ids = {id_of(9)}, .reason = {}, .all = false}).has_value());
    CHECK(cluster.topics["in.dlq"].partitions[0].size() == 4);
}

TEST_CASE("more letters than a portion are each sent once", "[letters]") {
    memory_kafka cluster;
    for (std::uint64_t i = 0; i < 2'500; ++i) add_letter(cluster, i, noon_ms + static_cast<std::int64_t>(i));
    auto const topic = make_kafka_letters(cluster, "in.dlq");
    auto const done = retry_letters(*topic, everything, make_kafka_input(cluster, "in"), false);
    REQUIRE(done.has_value());
    CHECK(done->letters == 2'500);
    CHECK(cluster.topics["in"].partitions[0].size() == 2'500);
    CHECK(live_ids(*topic).empty());
}

TEST_CASE("a letter that cannot be sent is not settled", "[letters]") {
    memory_kafka cluster;
    add_letter(cluster, 1, noon_ms);
    auto const topic = make_kafka_letters(cluster, "in.dlq");
    auto const done = retry_letters(
        *topic, everything,
        [](std::span<dead_letter const>) -> result<> { return error{errc::not_connected, "no broker"}; }, false);
    REQUIRE_FALSE(done.has_value());
    CHECK(done.error().code == errc::not_connected);
    CHECK(live_ids(*topic) == std::vector{id_of(1)});
}

TEST_CASE("show gives the whole letter, and says when there is none", "[letters]") {
    memory_kafka cluster;
    add_letter(cluster, 1, noon_ms);
    auto const topic = make_kafka_letters(cluster, "in.dlq");
    std::string record;
    REQUIRE(show_letters(*topic, {.ids = {id_of(1)}, .reason = {}, .all = false},
                         [&](dead_letter const& letter, std::uint64_t) -> result<> {
                             record = letter.record;
                             return {};
                         }));
    CHECK(record == "original 1");
    auto const missing = show_letters(*topic, {.ids = {id_of(2)}, .reason = {}, .all = false},
                                      [](dead_letter const&, std::uint64_t) -> result<> { return {}; });
    REQUIRE_FALSE(missing.has_value());
    CHECK(missing.error().code == errc::not_found);
}
