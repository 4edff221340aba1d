#include "audit/audit.hpp"
#include "codec/dead_letter_json.hpp"
#include "kafka/kafka_letter.hpp"
#include "memory_kafka.hpp"
#include "support/catch.hpp"

#include <algorithm>

using namespace logpipe;
using namespace logpipe::audit;
using namespace logpipe::kafka;
using test::memory_kafka;

namespace {

constexpr std::int64_t noon_ms = 1'769'860'800'000;

event_id id_of(std::uint64_t number) {
    return {.high = 1, .low = number << 32U};
}

dead_letter letter_of(std::uint64_t number, std::int64_t time_ms, std::string const& reason) {
    return {.id = id_of(number),
            .stage = "opensearch",
            .reason = reason,
            .origin = "kafka in 0 offset 1",
            .tag = "app.x",
            .time_ns = time_ms * 1'000'000 + 7,
            .event_time_ns = 1'431'849'932'123'456'789,
            .received_ns = (noon_ms - 5) * 1'000'000 + 9,
            .record = "original " + std::to_string(number)};
}

void send(memory_kafka& cluster, dead_letter_view const& letter, std::int64_t time_ms) {
    auto message = kafka_letter(letter, time_ms);
    cluster.add("in.dlq", std::move(message.key), std::move(message.value), time_ms, std::move(message.headers));
}

void add_letter(memory_kafka& cluster, std::uint64_t number, std::int64_t time_ms, std::string const& reason = "bad") {
    send(cluster, view_of(letter_of(number, time_ms, reason)), time_ms);
}

/// Parts of ten bytes. @param left_out  the index of one that does not come
void add_in_parts(memory_kafka& cluster, std::uint64_t number, std::int64_t time_ms, std::string const& record,
                  std::optional<std::uint32_t> left_out = std::nullopt) {
    auto const letter = letter_of(number, time_ms, "large");
    auto view = view_of(letter);
    view.part.count = static_cast<std::uint32_t>((record.size() + 9) / 10);
    for (; view.part.index < view.part.count; ++view.part.index) {
        view.record = std::string_view{record}.substr(std::size_t{view.part.index} * 10, 10);
        if (view.part.index != left_out) send(cluster, view, time_ms);
    }
}

std::size_t tombstones(memory_kafka& cluster) {
    return static_cast<std::size_t>(
        std::ranges::count_if(cluster.topics["in.dlq"].partitions[0], [](auto const& each) { return !each.value; }));
}

std::vector<event_id> live_ids(letter_topic& topic) {
    std::vector<event_id> ids;
    auto const listed = list_letters(topic, 100, [&](letter_summary const& each) { ids.push_back(each.id); });
    REQUIRE((listed.has_value() && listed->letters == ids.size()));
    return ids;
}

letter_selection const everything{.ids = {}, .reason = {}, .all = true};

}  // namespace

TEST_CASE("dead letters are listed once an id, by stage and reason, the newest first", "[dead_letters]") {
    memory_kafka cluster;
    add_letter(cluster, 1, noon_ms, "too long");
    add_letter(cluster, 2, noon_ms + 1);
    add_letter(cluster, 1, noon_ms + 2);
    add_letter(cluster, 3, noon_ms + 3);
    cluster.add("in.dlq", kafka_key(id_of(4)), "no letter", noon_ms + 4);
    auto const topic = make_kafka_letters(cluster, "in.dlq");
    std::vector<std::pair<event_id, std::uint64_t>> newest;
    auto const note = [&](letter_summary const& each) { newest.emplace_back(each.id, each.attempts); };
    auto const list = list_letters(*topic, 2, note);
    REQUIRE(list.has_value());
    CHECK(list->letters == 3);
    CHECK(list->unreadable == 1);
    REQUIRE(list->groups.size() == 1);
    CHECK(list->groups[0].reason == "bad");
    CHECK(list->groups[0].letters == 3);
    CHECK(newest == std::vector<std::pair<event_id, std::uint64_t>>{{id_of(3), 1}, {id_of(1), 2}});
}

TEST_CASE("reasons that differ in the values they quote are one", "[dead_letters]") {
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

TEST_CASE("a retry sends the original bytes with id and time, and resolves the dead letters", "[dead_letters]") {
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
    auto const sent_of = letter_of(1, noon_ms, "bad");
    CHECK(sent[0].key == kafka_event_key({.id = id_of(1),
                                          .received_ns = sent_of.received_ns,
                                          .time_ns = sent_of.event_time_ns,
                                          .tag = sent_of.tag}));
    CHECK(sent[0].value == "original 1");
    CHECK(sent[0].timestamp_ms == noon_ms - 5);
    CHECK(live_ids(*topic) == std::vector{id_of(2)});

    auto const again = retry_letters(*topic, {.ids = {id_of(1)}, .reason = {}, .all = false}, input, false);
    REQUIRE(again.has_value());
    CHECK(again->letters == 0);
    CHECK(again->not_found == std::vector{id_of(1)});
    CHECK(cluster.topics["in"].partitions[0].size() == 1);
}

TEST_CASE("a dead letter that comes between sending and resolving stays, behind the tombstone", "[dead_letters]") {
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

TEST_CASE("a retry that broke off after the tombstone is mended by the next one", "[dead_letters]") {
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

TEST_CASE("more dead letters than a portion are each sent once", "[dead_letters]") {
    memory_kafka cluster;
    for (std::uint64_t i = 0; i < 2'500; ++i) add_letter(cluster, i, noon_ms + static_cast<std::int64_t>(i));
    auto const topic = make_kafka_letters(cluster, "in.dlq");
    auto const done = retry_letters(*topic, everything, make_kafka_input(cluster, "in"), false);
    REQUIRE(done.has_value());
    CHECK(done->letters == 2'500);
    CHECK(cluster.topics["in"].partitions[0].size() == 2'500);
    CHECK(live_ids(*topic).empty());
}

TEST_CASE("a dead letter that cannot be sent is not resolved", "[dead_letters]") {
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

TEST_CASE("a dead letter that its input never takes stays, with the reason, and others go on", "[dead_letters]") {
    memory_kafka cluster;
    for (std::uint64_t i = 1; i <= 3; ++i) add_letter(cluster, i, noon_ms + static_cast<std::int64_t>(i));
    auto const topic = make_kafka_letters(cluster, "in.dlq");
    auto const done = retry_letters(
        *topic, everything,
        [](std::span<dead_letter const> letters) -> result<> {
            for (auto const& each : letters)
                if (each.id == id_of(2)) return error{errc::too_large, "too large"};
            return {};
        },
        false);
    REQUIRE(done.has_value());
    CHECK(done->letters == 2);
    REQUIRE(done->rejected.size() == 1);
    CHECK(done->rejected.front() == std::pair{id_of(2), std::string{"too large"}});
    CHECK(live_ids(*topic) == std::vector{id_of(2)});
}

TEST_CASE("show gives the whole dead letter, and says when there is none", "[dead_letters]") {
    memory_kafka cluster;
    add_letter(cluster, 1, noon_ms);
    auto const topic = make_kafka_letters(cluster, "in.dlq");
    std::string record;
    REQUIRE(show_letters(*topic, {.ids = {id_of(1)}, .reason = {}, .all = false},
                         [&](found_letter const& found) -> result<> {
                             record = found.letter.record;
                             return {};
                         }));
    CHECK(record == "original 1");
    auto const missing = show_letters(*topic, {.ids = {id_of(2)}, .reason = {}, .all = false},
                                      [](found_letter const&) -> result<> { return {}; });
    REQUIRE_FALSE(missing.has_value());
    CHECK(missing.error().code == errc::not_found);
}

TEST_CASE("a dead letter's message has the original bytes as its value, and all else in headers", "[dead_letters]") {
    memory_kafka cluster;
    auto letter = letter_of(1, noon_ms, "bad \"value\"");
    // It looks like a letter of the old form, and like a head.
    letter.record = std::string{"\xfeLPD\x01\0", 6} + R"({"id":"x","stage":"y","reason":"z","record":"w"})";
    send(cluster, view_of(letter), noon_ms);
    auto const& message = cluster.topics["in.dlq"].partitions[0][0];
    CHECK(message.key == kafka_key(letter.id));
    CHECK(message.value == letter.record);
    CHECK(message.header("logpipe-letter") == "1");
    CHECK(message.header("logpipe-stage") == "opensearch");
    CHECK(message.header("logpipe-reason") == letter.reason);
    CHECK(message.header("logpipe-origin") == letter.origin);
    CHECK(message.header("logpipe-tag") == "app.x");
    CHECK(message.header("logpipe-rejected-ns") == std::to_string(letter.time_ns));
    CHECK(message.header("logpipe-event-ns") == "1431849932123456789");
    CHECK(message.header("logpipe-received-ns") == std::to_string(letter.received_ns));
    CHECK(message.headers.size() == 8);
    auto const topic = make_kafka_letters(cluster, "in.dlq");
    REQUIRE(show_letters(*topic, everything, [&](found_letter const& found) -> result<> {
        CHECK(found.letter.record == letter.record);
        CHECK(found.letter.reason == letter.reason);
        CHECK(found.letter.tag == letter.tag);
        CHECK(found.letter.time_ns == letter.time_ns);
        CHECK(found.letter.event_time_ns == letter.event_time_ns);
        CHECK(found.letter.received_ns == letter.received_ns);
        return {};
    }));
}

TEST_CASE("dead letters that stand in a topic as JSON are read, retried and resolved like others", "[dead_letters]") {
    memory_kafka cluster;
    auto letter = letter_of(1, noon_ms, "bad");
    letter.record = std::string("\0\xff not text", 11);
    cluster.add("in.dlq", kafka_key(letter.id), codec::to_json(letter), noon_ms);
    auto const topic = make_kafka_letters(cluster, "in.dlq");
    CHECK(live_ids(*topic) == std::vector{id_of(1)});
    REQUIRE(retry_letters(*topic, everything, make_kafka_input(cluster, "in"), false).value().letters == 1);
    CHECK(cluster.topics["in"].partitions[0].front().value == letter.record);
    CHECK(live_ids(*topic).empty());
}

TEST_CASE("a message that says it is a dead letter of another version is not read as JSON", "[dead_letters]") {
    memory_kafka cluster;
    auto const letter = letter_of(1, noon_ms, "bad");
    cluster.add("in.dlq", kafka_key(letter.id), codec::to_json(letter), noon_ms, {{"logpipe-letter", "2"}});
    auto const list = list_letters(*make_kafka_letters(cluster, "in.dlq"), 0, [](letter_summary const&) {});
    REQUIRE(list.has_value());
    CHECK((list->letters == 0 && list->unreadable == 1));
}

TEST_CASE("a dead letter in parts is listed once, shown and retried whole, all its keys resolved", "[dead_letters]") {
    memory_kafka cluster;
    std::string const record = "original bytes in more than three parts";
    add_in_parts(cluster, 1, noon_ms, record);
    add_letter(cluster, 2, noon_ms + 1);
    auto const& messages = cluster.topics["in.dlq"].partitions[0];
    CHECK(messages[3].key == kafka_key(id_of(1)) + "#3");
    CHECK((messages[3].header("logpipe-part") == "3" && messages[3].header("logpipe-parts") == "4"));

    auto const topic = make_kafka_letters(cluster, "in.dlq");
    CHECK(live_ids(*topic) == std::vector{id_of(2), id_of(1)});
    std::string shown;
    REQUIRE(show_letters(*topic, {.ids = {id_of(1)}, .reason = {}, .all = false},
                         [&](found_letter const& found) -> result<> {
                             CHECK((found.parts == 4 && found.missing.empty() && found.attempts == 1));
                             shown = found.letter.record;
                             return {};
                         }));
    CHECK(shown == record);
    auto const done =
        retry_letters(*topic, {.ids = {id_of(1)}, .reason = {}, .all = false}, make_kafka_input(cluster, "in"), false);
    REQUIRE(done.has_value());
    CHECK((done->letters == 1 && done->incomplete.empty()));
    CHECK(cluster.topics["in"].partitions[0].front().value == record);
    CHECK(tombstones(cluster) == 5);
    CHECK(messages.back().key == kafka_key(id_of(1)) + "#3");
    CHECK(live_ids(*topic) == std::vector{id_of(2)});
}

TEST_CASE("a dead letter of which a part is missing is shown as incomplete, is not retried, and can be purged",
          "[dead_letters]") {
    memory_kafka cluster;
    add_in_parts(cluster, 1, noon_ms, "0123456789abcdefghij----------", 1);
    auto const topic = make_kafka_letters(cluster, "in.dlq");
    std::vector<letter_summary> listed;
    auto const list = list_letters(*topic, 10, [&](letter_summary const& each) { listed.push_back(each); });
    REQUIRE(list.has_value());
    CHECK((list->letters == 0 && list->incomplete == 1 && list->unreadable == 0));
    REQUIRE(listed.size() == 1);
    CHECK((listed[0].parts == 3 && listed[0].parts_found == 2));

    letter_selection const by_id{.ids = {id_of(1)}, .reason = {}, .all = false};
    REQUIRE(show_letters(*topic, by_id, [&](found_letter const& found) -> result<> {
        CHECK(found.letter.record == "0123456789----------");
        CHECK(found.missing == std::vector<std::uint32_t>{1});
        return {};
    }));
    auto const retried = retry_letters(*topic, by_id, make_kafka_input(cluster, "in"), false);
    REQUIRE(retried.has_value());
    CHECK((retried->letters == 0 && retried->incomplete == by_id.ids && retried->not_found.empty()));
    CHECK_FALSE(cluster.topics.contains("in"));
    auto const purged = purge_letters(*topic, by_id);
    REQUIRE(purged.has_value());
    CHECK((purged->letters == 1 && purged->incomplete.empty()));
    auto const after = list_letters(*topic, 0, [](letter_summary const&) {});
    CHECK(after.value().incomplete == 0);
}

TEST_CASE("parts that a broken-off write left count for nothing once the dead letter is whole", "[dead_letters]") {
    memory_kafka cluster;
    add_in_parts(cluster, 1, noon_ms, "0123456789abcdefghij----------", 2);
    add_in_parts(cluster, 1, noon_ms + 1, "0123456789abcdefghij----------");
    auto const topic = make_kafka_letters(cluster, "in.dlq");
    auto const list = list_letters(*topic, 0, [](letter_summary const&) {});
    CHECK((list.value().letters == 1 && list.value().incomplete == 0));
}

TEST_CASE("parts that a tombstone came between are written again behind it", "[dead_letters]") {
    memory_kafka cluster;
    add_letter(cluster, 1, noon_ms);
    add_in_parts(cluster, 1, noon_ms + 1, "0123456789abcdefghij");
    auto& messages = cluster.topics["in.dlq"].partitions[0];
    // The tombstone for the elder letter, between the newer one's parts.
    messages.insert(messages.begin() + 2,
                    {.timestamp_ms = noon_ms, .key = kafka_key(id_of(1)) + "#0", .value = {}, .headers = {}});
    auto const topic = make_kafka_letters(cluster, "in.dlq");
    REQUIRE(purge_letters(*topic, {.ids = {id_of(9)}, .reason = {}, .all = false}).has_value());
    REQUIRE(messages.size() == 6);
    CHECK(messages[4].key == kafka_key(id_of(1)) + "#0");
    CHECK(messages[5].value == "abcdefghij");
    CHECK(live_ids(*topic) == std::vector{id_of(1)});
}

TEST_CASE("numbers of parts that no dead letter can have are unreadable and take no memory", "[dead_letters]") {
    memory_kafka cluster;
    auto const letter = letter_of(1, noon_ms, "bad");
    for (auto const& [part, parts] : {std::pair{"0", "4294967295"}, {"7", "7"}, {"-1", "2"}, {"0", "0"}, {"", "2"}}) {
        auto message = kafka_letter(view_of(letter), noon_ms);
        message.headers.emplace_back("logpipe-part", part);
        message.headers.emplace_back("logpipe-parts", parts);
        cluster.add("in.dlq", message.key, message.value, noon_ms, message.headers);
    }
    auto const list = list_letters(*make_kafka_letters(cluster, "in.dlq"), 0, [](letter_summary const&) {});
    REQUIRE(list.has_value());
    CHECK((list->letters == 0 && list->incomplete == 0 && list->unreadable == 5));
}

TEST_CASE("an incomplete dead letter accounts for nothing in an audit", "[dead_letters]") {
    memory_kafka cluster;
    add_in_parts(cluster, 1, noon_ms, "0123456789abcdefghij", 1);
    add_in_parts(cluster, 2, noon_ms, "0123456789abcdefghij");
    auto const endpoint = audit_letters("kafka in.dlq", make_kafka_letters(cluster, "in.dlq"));
    std::vector<event_id> seen;
    REQUIRE(endpoint->scan([&](audited_endpoint::sighting const& each) -> result<> {
        seen.push_back(each.id);
        return {};
    }));
    CHECK(seen == std::vector{id_of(2)});
    auto const facts = endpoint->snapshot();
    REQUIRE(facts.has_value());
    CHECK((facts->total == 1 && facts->unseen == std::vector<std::string>{"1 dead letters are incomplete"}));
}
