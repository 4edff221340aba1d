#include "commit_metadata.hpp"
#include "failed_messages.hpp"
#include "json_member.hpp"
#include "kafka/kafka.hpp"
#include "kafka/kafka_letter.hpp"
#include "message_id.hpp"
#include "rdkafka_handles.hpp"
#include "rejected_sets.hpp"
#include "start_point.hpp"
#include "statistics.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <vector>

using namespace logpipe;
using namespace logpipe::kafka;

TEST_CASE("the counts go through the commit's metadata unchanged", "[kafka]") {
    commit_metadata const metadata{.counted_from = 17,
                                   .counts = {.in = 18446744073709551615U, .indexed = 2, .duplicates = 3, .dead = 4},
                                   .passed = {.tombstones = 5, .gaps = 6, .expired = 7}};
    REQUIRE(to_text(metadata) == "lp2 17 18446744073709551615 2 3 4 5 6 7");
    auto with_id = metadata;
    with_id.topic_id = "Nz3q-x0vRPmQv1cO_7-t0A";
    REQUIRE(to_text(with_id) == "lp2 17 18446744073709551615 2 3 4 5 6 7 Nz3q-x0vRPmQv1cO_7-t0A");
    REQUIRE(parse_commit_metadata(to_text(with_id), 42) == with_id);
    REQUIRE(parse_commit_metadata(to_text(metadata), 1000) == metadata);
}

TEST_CASE("dropped events are in a commit's metadata where there are any", "[kafka]") {
    commit_metadata metadata{.counted_from = 17,
                             .counts = {.in = 19, .indexed = 2, .duplicates = 3, .dead = 4, .dropped = 10},
                             .passed = {.tombstones = 5, .gaps = 6, .expired = 7}};
    REQUIRE(to_text(metadata) == "lp3 17 19 2 3 4 10 5 6 7");
    REQUIRE(parse_commit_metadata(to_text(metadata), 42) == metadata);
    metadata.topic_id = "Nz3q-x0vRPmQv1cO_7-t0A";
    REQUIRE(parse_commit_metadata(to_text(metadata), 42) == metadata);
}

TEST_CASE("metadata of before holds no offsets that were passed over: they follow from the position", "[kafka]") {
    commit_metadata const before{.counted_from = 17, .counts = {.in = 9, .indexed = 2, .duplicates = 3, .dead = 4}};
    REQUIRE(parse_commit_metadata("lp1 17 9 2 3 4", 26) == before);
    auto gaps = before;
    gaps.passed.gaps = 74;
    REQUIRE(parse_commit_metadata("lp1 17 9 2 3 4", 100) == gaps);
    REQUIRE(parse_commit_metadata("lp1 17 9 2 3 4", 5) == before);  // moved back by an operator
}

TEST_CASE("metadata of another program is not taken for counts", "[kafka]") {
    for (auto const* text : {"", "lp1", "lp1 1 2 3 4", "lp1 1 2 3 4 5 6", "lp1 -1 2 3 4 5", "lp1 1 2 3 4 -5",
                             "lp2 1 2 3 4 5", "lp2 1 2 3 4 5 6 7", "lp2 1 2 3 4 5 6 7 8 9", "lp3 1 2 3 4 5 6 7 8",
                             "lp1 1 2 3 4 5 ", "lp1  1 2 3 4 5", "lp1 1 2 3 4 18446744073709551616", "consumer-7"}) {
        CAPTURE(text);
        REQUIRE(!parse_commit_metadata(text, 10));
    }
}

TEST_CASE("a member of the top level is found, whatever stands before it", "[kafka]") {
    std::string scratch;
    auto const member = [&](std::string_view record, std::string_view name = "k") {
        auto const found = json_member(record, name, scratch);
        return found ? std::string{*found} : std::string{"(none)"};
    };
    REQUIRE(member(R"({"k":"v"})") == "v");
    REQUIRE(member(R"( { "a" : [1,{"k":"no"},"]"] , "b":{"k":"no","c":"}"}, "k" : "v" } )") == "v");
    REQUIRE(member(R"({"a":"\"k\":\"no\"","k":"v"})") == "v");
    REQUIRE(member(R"({"n":-1.5e3,"t":true,"z":null,"k":12})") == "12");
    REQUIRE(member(R"({"k":false})") == "false");
    REQUIRE(member(R"({"k":"","a":1})").empty());
    REQUIRE(member(R"({"k":"a\"\\\/\b\f\n\r\tb"})") == "a\"\\/\b\f\n\r\tb");
    REQUIRE(member(R"({"k":"\u0041\u00e9\u20ac\ud83d\ude00"})") == "A\u00e9\u20ac\U0001f600");
    REQUIRE(member(R"({"\u006b":"v"})") == "v");
    for (auto const* none :
         {R"({"k":null})", R"({"k":{}})", R"({"k":[1]})", R"({"a":1})", "{}", "[]", "", "k", "{", R"({"k")", R"({"k":)",
          R"({"k":"v)", R"({"k":"v\)", R"({"k":"\x"})", R"({"k":"\u12"})", R"({"k":"\ud800"})",
          R"({"k":"\ud800\u0041"})", R"({"a":,"k":"v"})", R"({"a":],"k":"v"})"}) {
        CAPTURE(none);
        REQUIRE(member(none) == "(none)");
    }
}

TEST_CASE("a key of ours is the id, any other key is none", "[kafka]") {
    event_id const id{.high = 0x0123456789abcdef, .low = 0xfedcba9876543210};
    REQUIRE(kafka_key(id) == "lp1." + id.text());
    REQUIRE(id_in_key(kafka_key(id)) == id);
    REQUIRE(!id_in_key(""));
    REQUIRE(!id_in_key(id.text()));
    REQUIRE(!id_in_key("lp1." + id.text() + "0"));
    REQUIRE(!id_in_key("lp1.!!!!!!!!!!!!!!!!!!!!!!!!!!"));
}

TEST_CASE("an event's key carries id, both times and tag, and a key of before the id alone", "[kafka]") {
    event_id const id{.high = 0x0123456789abcdef, .low = 0xfedcba9876543210};
    for (std::int64_t const received_ns : {std::int64_t{0}, std::int64_t{1'769'823'099'995'470'770}, std::int64_t{-1}})
        for (std::int64_t const time_ns : {std::int64_t{0}, std::numeric_limits<std::int64_t>::max()})
            for (auto const* tag : {"", "app.follow", "ä\n\"lp1."}) {
                CAPTURE(received_ns, time_ns, tag);
                auto const key =
                    kafka_event_key({.id = id, .received_ns = received_ns, .time_ns = time_ns, .tag = tag});
                CHECK(key.starts_with("lp2." + id.text()));
                CHECK(key.ends_with(tag));
                auto const read = facts_in_key(key);
                REQUIRE(read.has_value());
                CHECK(read->id == id);
                CHECK(read->received_ns == received_ns);
                CHECK(read->time_ns == time_ns);
                CHECK(read->tag == tag);
                CHECK(!id_in_key(key));
            }
    auto const before = facts_in_key(kafka_key(id));
    REQUIRE(before.has_value());
    CHECK(before->id == id);
    CHECK((before->received_ns == 0 && before->time_ns == 0 && before->tag.empty()));
}

TEST_CASE("a key that is nearly one of ours is a foreign one", "[kafka]") {
    auto const good = kafka_event_key({.id = {.high = 1, .low = 4}, .received_ns = 5, .time_ns = 6, .tag = {}});
    REQUIRE(facts_in_key(good).has_value());
    CHECK(!facts_in_key(good.substr(0, good.size() - 1)));
    CHECK(!facts_in_key("lp3" + good.substr(3)));
    CHECK(!facts_in_key(kafka_event_key({})));
    for (std::size_t const index : {4U, 29U, 30U, 42U, 43U, 55U}) {
        CAPTURE(index);
        auto wrong = good;
        wrong[index] = 'w';
        CHECK(!facts_in_key(wrong));
        // The first digit of a number has four bits.
        if (index != 30 && index != 43) continue;
        wrong[index] = 'g';
        CHECK(!facts_in_key(wrong));
        wrong[index] = 'f';
        CHECK(facts_in_key(wrong).has_value());
    }
}

TEST_CASE("the key of a dead letter's part names the dead letter, and to other readers it is a foreign key",
          "[kafka]") {
    event_id const id{.high = 0x0123456789abcdef, .low = 0xfedcba9876543210};
    REQUIRE(kafka_letter_key(id, {}) == kafka_key(id));
    REQUIRE(kafka_letter_key(id, {.index = 12, .count = 40}) == kafka_key(id) + "#12");
    REQUIRE(kafka_letter_key(id, {.index = 4'294'967'294, .count = 4'294'967'295}) == kafka_key(id) + "#4294967294");
    REQUIRE(id_in_letter_key(kafka_key(id)) == id);
    REQUIRE(id_in_letter_key(kafka_key(id) + "#12") == id);
    REQUIRE(!id_in_key(kafka_key(id) + "#12"));
    for (auto const* more : {"#", "#x", "12", "#-1", "#1 ", "#4294967296"})
        REQUIRE(!id_in_letter_key(kafka_key(id) + more));
    REQUIRE(!id_in_letter_key("#1"));
}

TEST_CASE("a foreign message's id depends on everything that distinguishes it from another", "[kafka]") {
    message_ids const ids{"cluster", "topic"};
    auto const id = ids.from_position(3, 42, 1000, "value");
    REQUIRE(static_cast<bool>(id));
    REQUIRE(message_ids{"cluster", "topic"}.from_position(3, 42, 1000, "value") == id);
    REQUIRE(message_ids{"cluster2", "topic"}.from_position(3, 42, 1000, "value") != id);
    REQUIRE(message_ids{"cluster", "topic2"}.from_position(3, 42, 1000, "value") != id);
    REQUIRE(ids.from_position(4, 42, 1000, "value") != id);
    REQUIRE(ids.from_position(3, 43, 1000, "value") != id);
    REQUIRE(ids.from_position(3, 42, 1001, "value") != id);
    REQUIRE(ids.from_position(3, 42, 1000, "Value") != id);
}

TEST_CASE("a start is the beginning, the end, or a time", "[kafka]") {
    REQUIRE(*parse_start_point("beginning") == -2);
    REQUIRE(*parse_start_point("end") == -1);
    REQUIRE(*parse_start_point("2026-01-31T01:31:39.995Z") == 1'769'823'099'995);
    for (auto const* text : {"", "now", "latest", "12", "2026-01-32", "1969-12-31T23:59:59Z"}) {
        CAPTURE(text);
        auto const parsed = parse_start_point(text);
        REQUIRE(parsed.has_error());
        REQUIRE(parsed.error().code == errc::invalid_argument);
    }
}

TEST_CASE("the statistics name the slowest broker that has responded", "[kafka]") {
    auto const statistics = read_statistics(
        R"({"name":"c","brokers":{"a:1/1":{"state":"UP","rtt":{"avg":1500,"cnt":3}},)"
        R"("b:1/2":{"state":"DOWN","rtt":{"avg":9000,"cnt":0}},"c:1/3":{"state":"UP","rtt":{"avg":2500,"cnt":1}}}})");
    REQUIRE(statistics.slowest_round_trip_seconds == 0.0025);
    REQUIRE(statistics.any_broker_up);
    REQUIRE(!read_statistics(R"({"brokers":{"a":{"state":"CONNECT"}}})").any_broker_up);
    REQUIRE(!read_statistics("garbage").slowest_round_trip_seconds);
}

TEST_CASE("a connection's failure is reported without librdkafka's own states", "[kafka]") {
    REQUIRE(
        connection_words("h:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused (after 0ms in state "
                         "CONNECT, 1 identical error(s) suppressed)") ==
        "h:1: Connect to ipv4#127.0.0.1:1 failed: Connection refused");
    REQUIRE(connection_words("h:1/1: broken (api.version.request) (after 4ms in state UP)") ==
            "h:1/1: broken (api.version.request)");
    REQUIRE(connection_words("2/2 brokers are down") == "2/2 brokers are down");
    REQUIRE(connection_words("it is (so)") == "it is (so)");
}

TEST_CASE("of a set that the broker rejects, the messages that it rejects alone are found, and no other", "[kafka]") {
    std::vector<message_tag> const bad{tag_of(1, 3), tag_of(2, 0)};
    rejected_sets sets;
    for (std::uint32_t i = 0; i < 8; ++i) sets.add(tag_of(1, i), "too large");
    sets.close_set();
    sets.add(tag_of(2, 0), "too large");
    sets.close_set();
    sets.close_set();  // nothing came back since
    std::vector<message_tag> found;
    std::size_t sent = 0;
    while (!sets.empty()) {
        auto const set = sets.take_set();
        sent += set.size();
        if (std::ranges::find_first_of(set, bad) != set.end())
            for (auto const tag : set) sets.add(tag, "still too large");
        if (sets.found_in(set)) found.push_back(set.front());
    }
    std::ranges::sort(found);
    REQUIRE(found == bad);
    REQUIRE(sets.reason() == "still too large");
    REQUIRE(sent == 8 + 1 + 8 + 4 + 2);
}

TEST_CASE("messages that failed are sent again together, after a back-off", "[kafka]") {
    using namespace std::chrono_literals;
    failed_messages failed;
    auto const now = std::chrono::steady_clock::now();
    REQUIRE(failed.take_due(now).empty());
    failed.add(tag_of(0, 1));
    REQUIRE(failed.take_due(now).empty());
    failed.add(tag_of(0, 2));
    failed.one_delivered();  // the others wait all the same
    REQUIRE(failed.take_due(now).empty());
    REQUIRE(failed.take_due(now + 1s) == std::vector{tag_of(0, 1), tag_of(0, 2)});
    REQUIRE(failed.count() == 0);
}

TEST_CASE("what was in flight and is rejected is not taken for the message that is sent alone", "[kafka]") {
    rejected_sets sets;
    sets.add(tag_of(0, 1), "too large");
    sets.close_set();
    sets.add(tag_of(5, 2), "too large");
    auto const alone = sets.take_set();
    REQUIRE(alone == std::vector{tag_of(0, 1)});
    REQUIRE_FALSE(sets.found_in(alone));  // it was taken
    REQUIRE(sets.take_set() == std::vector{tag_of(5, 2)});
    REQUIRE(sets.empty());
}
