#include "support/catch.hpp"
#include "support/forward_ends.hpp"

#include "event_decoder.hpp"
#include "forward_decoder.hpp"
#include "msgpack_writer.hpp"

#include "base/chunk_hash.hpp"
#include "base/gzip.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

using namespace logpipe;
using namespace logpipe::test;
using namespace std::string_literals;

namespace {

struct decoded {
    batch events;
    std::vector<std::string> chunks;  // msgpack, as they would be sent back
    std::optional<error> failure;
    event_decoder_counts counts;

    [[nodiscard]] std::vector<std::string> records() const {
        std::vector<std::string> all;
        for (auto const& row : events.events) all.emplace_back(events.record(row));
        return all;
    }
    [[nodiscard]] std::vector<std::string> reasons() const {
        std::vector<std::string> all;
        for (auto const& one : events.rejections) all.push_back(one.reason);
        return all;
    }
};

decoded decode(std::string_view bytes, event_decoder_options options = {}, std::size_t piece_bytes = 1 << 20) {
    decoded got;
    forward_decoder decoder{options.limits};
    event_decoder events{options};
    while (!bytes.empty() && !got.failure) {
        auto const space = decoder.space();
        auto const count = std::min({piece_bytes, space.size(), bytes.size()});
        std::memcpy(space.data(), bytes.data(), count);
        decoder.commit(count);
        bytes.remove_prefix(count);
        while (true) {
            auto const message = decoder.next();
            if (!message) got.failure = message.error();
            if (!message || !*message) break;
            if (!(*message)->chunk_msgpack.empty()) got.chunks.emplace_back((*message)->chunk_msgpack);
            events.append(**message, got.events);
        }
    }
    got.counts = events.counts();
    return got;
}

std::string entry(std::string_view time, int n) {
    return "\x92"s + std::string{time} + "\x81\xa1n" + static_cast<char>(n);
}

std::string binary(std::string_view bytes) {
    std::string out;
    msgpack_writer{out}.binary(bytes);
    return out;
}

std::string const event_time = "\xd7\x00\x00\x00\x00\x01\x00\x00\x00\x02"s;           // 1 s 2 ns, fixext 8
std::string const event_time_ext8 = "\xc7\x08\x00\x00\x00\x00\x01\x00\x00\x00\x02"s;  // the same, ext 8

/// ["t", entries, options]
std::string packed(std::string_view entries, std::string_view options = {}) {
    return (options.empty() ? "\x92\xa1t"s : "\x93\xa1t"s) + binary(entries) + std::string{options};
}

}  // namespace

TEST_CASE("all four modes give their events", "[forward_decoder]") {
    auto const two = entry(event_time, 1) + entry("\x07", 2);
    auto const gzip_option = "\x81" + fix_string("compressed") + fix_string("gzip");
    auto const members = gzip(entry(event_time, 1)) + gzip(entry("\x07", 2));
    std::vector<std::string> const expected{R"({"n":1})", R"({"n":2})"};
    for (auto const& message :
         {"\x92\xa1t\x92" + two, packed(two), packed(gzip(two), gzip_option), packed(members, gzip_option),
          "\x93\xa1t"s + event_time + "\x81\xa1n\x01" + "\x93\xa1t\x07\x81\xa1n\x02",
          "\x92\xa1t\xac" + entry("\x05", 1) + entry("\x07", 2),
          packed(two, "\x81" + fix_string("compressed") + fix_string("text")), packed(two, "\xc0"),
          "\x92\xc4\x01t\xdc\x00\x02"s + two}) {
        auto const got = decode(message);
        CHECK_FALSE(got.failure.has_value());
        CHECK(got.records() == expected);
        CHECK(got.events.tags == std::vector<std::string>{"t"});
        REQUIRE(got.events.events.size() == 2);
        CHECK(got.events.events[1].time_ns == 7'000'000'000);
    }
}

TEST_CASE("times are EventTimes in both forms, integers, floats or nil, with metadata or without",
          "[forward_decoder]") {
    auto const time_of = [](std::string const& time) {
        auto const got = decode(packed(entry(time, 1)));
        REQUIRE(got.events.rejections.empty());
        return got.events.events.at(0).time_ns;
    };
    CHECK(time_of(event_time) == 1'000'000'002);
    CHECK(time_of(event_time_ext8) == 1'000'000'002);
    CHECK(time_of("\xce\xff\xff\xff\xff") == 4'294'967'295'000'000'000);
    CHECK(time_of("\xff") == -1'000'000'000);
    CHECK(time_of("\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00"s) == 1'500'000'000);
    CHECK(time_of("\xc0") == 0);
    CHECK(time_of("\x92" + event_time + "\x81\xa1k\xa1v") == 1'000'000'002);
    CHECK(decode(packed(entry("\x92" + event_time + "\x80", 1))).counts.metadata_dropped == 1);
}

TEST_CASE("an entry that is no event is rejected with its bytes, and the others go on", "[forward_decoder]") {
    auto const bad_times = {"\xa1x"s,
                            "\xc3"s,
                            "\xcf\xff\xff\xff\xff\xff\xff\xff\xff"s,
                            "\xd7\x01"s + "12345678",
                            "\x91\x01"s,
                            "\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00"s};
    std::vector<std::string> bad{"\x01",
                                 "\x91\x01",
                                 "\x93\x01\x80\x80",
                                 "\x92\x01\x02",
                                 "\x92\x01\xc0",
                                 "\x92\x01\x91\x80",
                                 "\x92\x01\x81\x90\x01",
                                 "\x92\x01\x81\xa1"
                                 "d" +
                                     std::string(70, '\x91') + "\xc0"};
    for (auto const& time : bad_times) bad.push_back(entry(time, 1));
    for (auto const& one : bad) {
        auto const got =
            decode(packed(entry("\x01", 1) + one + entry("\x01", 3), "\x81" + fix_string("chunk") + fix_string("c")));
        CHECK(got.records() == std::vector<std::string>{R"({"n":1})", one, R"({"n":3})"});
        REQUIRE(got.events.rejections.size() == 1);
        CHECK(got.events.rejections[0].event == 1);
        CHECK(got.events.rejections[0].stage == "forward");
        CHECK(got.events.events[1].id == got.events.events[0].id.at(1));
        CHECK(got.events.events[2].id == got.events.events[0].id.at(2));
        CHECK(got.counts.rejected_events == 1);
        CHECK(got.chunks.size() == 1);
    }
}

TEST_CASE("entries that break off are rejected from there on, as one", "[forward_decoder]") {
    auto const got = decode(packed(entry("\x01", 1) + "\x92\x01\x81\xa1"));
    CHECK(got.records() == std::vector<std::string>{R"({"n":1})", "\x92\x01\x81\xa1"});
    CHECK(got.reasons().size() == 1);
    CHECK(got.events.events[1].id);  // dead letters are kept by id
    CHECK(decode(packed("\xc1")).reasons().size() == 1);
}

TEST_CASE("a string in place of a record is a line, kept as it is", "[forward_decoder]") {
    auto const got = decode(packed("\x92\x01" + binary("no json \xff\n{") + "\x92\x01\xa2[]"));
    CHECK(got.records() == std::vector<std::string>{"no json \xff\n{", "[]"});
    CHECK(got.events.rejections.empty());
}

TEST_CASE("what can never be taken is refused with its reason, whole, and still acked", "[forward_decoder]") {
    auto const chunk = fix_string("chunk") + fix_string("c");
    auto const refused = [&](std::string const& message, std::string const& why, bool acked = true) {
        auto const got = decode(message + single_message("t", 9));
        CHECK_FALSE(got.failure.has_value());
        REQUIRE(got.records().size() == 2);
        CHECK(got.records()[0] == message);
        REQUIRE(got.reasons().size() == 1);
        CHECK_THAT(got.reasons()[0], ContainsSubstring(why));
        CHECK(got.chunks.size() == (acked ? 1 : 0));
        CHECK(got.counts.refused_messages == 1);
    };
    auto const entries = entry("\x01", 1);
    refused(packed(entries, "\x82" + chunk + fix_string("fluent_signal") + "\x01"), "fluent_signal 1");
    refused(packed(entries, "\x82" + fix_string("compressed") + fix_string("zstd") + chunk), "zstd");
    refused(packed(entries, "\x82" + chunk + fix_string("compressed") + fix_string("gzip")), "entries");
    refused(packed(gzip(entries).substr(0, 12), "\x82" + chunk + fix_string("compressed") + fix_string("gzip")),
            "entries");
    refused("\x90", "an array of 0", false);
    refused("\x95\xa1t\x01\x80\x80\x80", "an array of 5", false);
    refused("\x92\x01\x02", "tag", false);
    refused("\x92\xa1\xff\x90", "UTF-8", false);
    refused("\x92\xda\x04\x01" + std::string(1025, 't') + "\x90", "a tag of 1025 bytes", false);
    refused("\x92\xa1t\x80", "neither", false);
    refused("\x92\xa1t\x01", "neither", false);
    refused("\x93\xa1t\x90\x01", "options", false);
    refused("\x94\xa1t\x90\x80\x80", "more elements", false);
}

TEST_CASE("options come in any order, unknown ones are passed over", "[forward_decoder]") {
    auto const options = "\x86" + fix_string("x") + "\x92\x81\xa1y\x01\xc0" + fix_string("size") + "\x7f\x01\x02" +
                         fix_string("chunk") + "\xc4\x02\x00\xff"s + fix_string("fluent_signal") + "\x00"s +
                         fix_string("compressed") + fix_string("text");
    auto const got = decode(packed(entry("\x01", 1), options));
    CHECK(got.records() == std::vector<std::string>{R"({"n":1})"});
    CHECK(got.chunks == std::vector<std::string>{"\xc4\x02\x00\xff"s});
}

TEST_CASE("an acked chunk's events have the chunk's hash and their place, others no id", "[forward_decoder]") {
    auto const entries = entry("\x01", 1) + entry("\x01", 2);
    auto const chunk_option = "\x81" + fix_string("chunk") + fix_string("c");
    auto const expected = chunk_hash("t", "c", entries);
    auto const plain = decode(packed(entries, chunk_option));
    CHECK(plain.events.events[0].id == expected);
    CHECK(plain.events.events[1].id == expected.at(1));
    auto const zipped = decode(packed(
        gzip(entries), "\x82" + fix_string("chunk") + fix_string("c") + fix_string("compressed") + fix_string("gzip")));
    CHECK(zipped.events.events[0].id == expected);
    CHECK(decode("\x93\xa1t\x92" + entries + chunk_option).events.events[1].id == expected.at(1));
    CHECK(decode(single_message("t", 5, "c")).events.events[0].id == chunk_hash("t", "c", "\x01\x81\xa1n\x05"));
    CHECK_FALSE(decode(packed(entries)).events.events[0].id);
    auto const untrusted = decode(packed(entries, chunk_option), {.limits = {}, .trust_chunk_ids = false});
    CHECK_FALSE(untrusted.events.events[0].id);
    CHECK(untrusted.chunks.size() == 1);
}

TEST_CASE("a stream cut anywhere gives the same events", "[forward_decoder]") {
    std::string stream;
    std::size_t files = 0;
    for (auto const* name :
         {"single", "single_eventtime_chunk", "listed", "packed", "packed_str", "gzip_members", "zstd", "metadata",
          "signal", "heartbeats", "odd_keys", "deep", "bad_entries", "broken_packed", "raw_line"}) {
        std::ifstream file{std::string{LOGPIPE_TESTS_FOLDER} + "/fuzz/corpus/forward_decoder/" + name,
                           std::ios::binary};
        std::string const bytes{std::istreambuf_iterator<char>{file}, {}};
        REQUIRE(bytes.size() > 1);
        stream += bytes.substr(1);  // the fuzz target's own byte
        ++files;
    }
    auto const whole = decode(stream);
    CHECK(whole.events.events.size() > files);
    CHECK_FALSE(whole.failure.has_value());
    auto const same = [&](decoded const& other) {
        return other.records() == whole.records() && other.chunks == whole.chunks && other.reasons() == whole.reasons();
    };
    CHECK(same(decode(stream, {}, 1)));
    CHECK(same(decode(stream, {}, 7)));
    for (std::size_t cut = 1; cut < stream.size(); ++cut) REQUIRE(same(decode(stream, {}, cut)));
}

TEST_CASE("lengths are not believed before the bytes are there", "[forward_decoder]") {
    event_decoder_options const small{.limits = {.message_bytes_max = 1000}};
    for (auto const& claim : {"\x92\xa1t\xc6\xff\xff\xff\xff"s, "\x92\xdb\xff\xff\xff\xff"s, "\xdd\xff\xff\xff\xff"s,
                              "\x92\xa1t\xdd\xff\xff\xff\xff"s, "\x93\xa1t\x01\xdf\xff\xff\xff\xff"s,
                              "\x93\xa1t\x01\xc9\xff\xff\xff\xff\x01"s, "\x92\xa1t\xc5\x03\xe8"s}) {
        auto const got = decode(claim, small);
        REQUIRE(got.failure.has_value());
        CHECK(got.failure->code == errc::too_large);
    }
    auto const deep = decode("\x93\xa1t\x01" + std::string(900, '\x91') + "\xc0", small);
    CHECK(deep.reasons().size() == 1);
    CHECK(decode("\xc1").failure->code == errc::protocol);
    CHECK_THAT(decode("{\"a\":1}").failure->message, ContainsSubstring("JSON"));
}

TEST_CASE("a gzip bomb is refused at the limit, many entries at theirs", "[forward_decoder]") {
    auto const option = "\x81" + fix_string("compressed") + fix_string("gzip");
    auto const bomb = gzip(std::string(10'000'000, '\0'));
    auto const got = decode(packed(bomb, option), {.limits = {.decompressed_bytes_max = 1'000'000}});
    REQUIRE(got.reasons().size() == 1);
    CHECK(got.records()[0] == packed(bomb, option));

    std::string ten;
    for (int i = 0; i < 10; ++i) ten += entry("\x01", i);
    event_decoder_options const few{.limits = {.entries_max = 4}};
    auto const from_packed = decode(packed(ten), few);
    CHECK(from_packed.records().size() == 5);
    CHECK(from_packed.records()[4] == ten.substr(4 * 6));
    auto const from_listed = decode("\x92\xa1t\x9a" + ten, few);
    CHECK(from_listed.records().size() == 1);
    CHECK(from_listed.reasons().size() == 1);
}
