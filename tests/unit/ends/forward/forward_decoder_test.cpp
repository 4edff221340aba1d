#include "support/catch.hpp"
#include "support/forward_decoding.hpp"
#include "support/short_memory.hpp"

#include "codec/gzip.hpp"
#include "codec/zstd.hpp"
#include "core/chunk_hash.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

using namespace logpipe;
using namespace logpipe::codec;
using namespace logpipe::forward;
using namespace logpipe::test;
using namespace std::string_literals;

TEST_CASE("all four modes give their events", "[forward_decoder]") {
    auto const two = entry(event_time, 1) + entry("\x07", 2);
    auto const gzip_option = "\x81" + fix_string("compressed") + fix_string("gzip");
    auto const zstd_option = "\x81" + fix_string("compressed") + fix_string("zstd");
    auto const frames = zstd(entry(event_time, 1)) + zstd(entry("\x07", 2));
    auto const members = gzip(entry(event_time, 1)) + gzip(entry("\x07", 2));
    std::vector<std::string> const expected{R"({"n":1})", R"({"n":2})"};
    for (auto const& message :
         {"\x92\xa1t\x92" + two, packed(two), packed(gzip(two), gzip_option), packed(members, gzip_option),
          packed(zstd(two), zstd_option), packed(frames, zstd_option),
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
    // msgpack's own Timestamp: 32 bits, 30 + 34, 32 + 64.
    CHECK(time_of("\xd6\xff\xff\xff\xff\xff"s) == 4'294'967'295'000'000'000);
    CHECK(time_of("\xd7\xff\x00\x00\x00\x08\x00\x00\x00\x01"s) == 1'000'000'002);
    CHECK(time_of("\xc7\x08\xff\xee\x6b\x27\xfd\x00\x00\x00\x01"s) == 4'294'967'297'999'999'999);
    CHECK(time_of("\xc7\x0c\xff\x00\x00\x00\x02\xff\xff\xff\xff\xff\xff\xff\xff"s) == -999'999'998);
    CHECK(time_of("\x92\xd6\xff\x00\x00\x00\x01\x80"s) == 1'000'000'000);
    CHECK(time_of("\x92" + event_time + "\x81\xa1k\xa1v") == 1'000'000'002);
    CHECK(decode(packed(entry("\x92" + event_time + "\x80", 1))).counts.metadata_dropped == 1);
}

TEST_CASE("an entry that is not an event is rejected with its bytes, and the others pass", "[forward_decoder]") {
    auto const bad_times = {"\xa1x"s,
                            "\xc3"s,
                            "\xcf\xff\xff\xff\xff\xff\xff\xff\xff"s,
                            "\xd7\x01"s + "12345678",
                            "\x91\x01"s,
                            "\xd7\xff\xff\xff\xff\xff\x00\x00\x00\x01"s,  // 2^30 - 1 ns
                            "\xc7\x0c\xff\x00\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff"s,
                            "\xd5\xff\x00\x01"s,
                            "\x93\x01\x80\x80"s,
                            "\x92\x90\x80"s,
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

TEST_CASE("a string instead of a record is a line, kept as it is", "[forward_decoder]") {
    auto const got = decode(packed("\x92\x01" + binary("no json \xff\n{") + "\x92\x01\xa2[]"));
    CHECK(got.records() == std::vector<std::string>{"no json \xff\n{", "[]"});
    CHECK(got.events.rejections.empty());
}

TEST_CASE("no compression has three spellings", "[forward_decoder]") {
    for (auto const& none : {"\xc0"s, "\xa0"s, "\xc4\x00"s, fix_string("text")}) {
        auto const got = decode(packed(entry("\x01", 1), "\x81" + fix_string("compressed") + none));
        CHECK(got.records() == std::vector<std::string>{R"({"n":1})"});
        CHECK(got.reasons().empty());
    }
}

TEST_CASE("options come in any order, unknown ones are passed over", "[forward_decoder]") {
    auto const options = "\x86" + fix_string("x") + "\x92\x81\xa1y\x01\xc0" + fix_string("size") + "\x7f\x01\x02" +
                         fix_string("chunk") + "\xc4\x02\x00\xff"s + fix_string("fluent_signal") + "\x00"s +
                         fix_string("compressed") + fix_string("text");
    auto const got = decode(packed(entry("\x01", 1), options));
    CHECK(got.records() == std::vector<std::string>{R"({"n":1})"});
    CHECK(got.chunks == std::vector<std::string>{"\xc4\x02\x00\xff"s});
}

TEST_CASE("an acked chunk's events have the chunk's hash and their index, others no id", "[forward_decoder]") {
    auto const entries = entry("\x01", 1) + entry("\x01", 2);
    auto const chunk_option = "\x81" + fix_string("chunk") + fix_string("c");
    auto const expected = chunk_hash("t", "c", entries);
    auto const plain = decode(packed(entries, chunk_option));
    CHECK(plain.events.events[0].id == expected);
    CHECK(plain.events.events[1].id == expected.at(1));
    auto const zipped = decode(packed(
        gzip(entries), "\x82" + fix_string("chunk") + fix_string("c") + fix_string("compressed") + fix_string("gzip")));
    CHECK(zipped.events.events[0].id == expected);
    auto const by_zstd = decode(packed(
        zstd(entries), "\x82" + fix_string("chunk") + fix_string("c") + fix_string("compressed") + fix_string("zstd")));
    CHECK(by_zstd.events.events[1].id == expected.at(1));
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
    for (auto const* name : {"single",
                             "single_eventtime_chunk",
                             "listed",
                             "packed",
                             "packed_str",
                             "gzip_members",
                             "zstd",
                             "zstd_frames",
                             "metadata",
                             "signal",
                             "heartbeats",
                             "odd_keys",
                             "deep",
                             "bad_entries",
                             "broken_packed",
                             "raw_line",
                             "bad_time_message",
                             "bad_tag",
                             "bad_shape",
                             "compressions",
                             "timestamps",
                             "odd_chunks",
                             "message_metadata"}) {
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

TEST_CASE("a message that memory is short for is the next one again", "[forward_decoder]") {
    // Rejected with a reason, and one above the limit.
    auto const bad = "\x92" + fix_string("t") + "\xc2";
    auto const large = "\x93" + fix_string("t") + "\xda\x07\xd0" + std::string(2'000, 'x') + "\x80";
    auto const bytes = bad + large + single_message("t", 3);
    forward_decoder decoder{{.message_bytes_max = 1'000}};
    auto const space = decoder.space();
    REQUIRE(space.size() >= bytes.size());
    std::ranges::copy(bytes, space.begin());
    decoder.commit(bytes.size());
    std::size_t shortages = 0;
    for (auto const& wanted : {bad, large, single_message("t", 3)}) {
        result<std::optional<forward_message>> message = std::optional<forward_message>{};
        for (auto const largest : {16U, 60U, 1'000U, 1'000'000U}) {
            try {
                short_memory const shortage{largest};
                message = decoder.next();
                break;
            } catch (std::bad_alloc const&) {
                ++shortages;
            }
        }
        REQUIRE(message.has_value());
        REQUIRE(message->has_value());
        CHECK((*message)->whole == wanted);
    }
    CHECK(shortages >= 2);
}
