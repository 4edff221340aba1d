// What a forward source rejects, and that each rejection ends: with a dead letter and an ack, or with the stream.
#include "support/catch.hpp"
#include "support/forward_decoding.hpp"

#include "codec/dead_letter_pack.hpp"
#include "codec/gzip.hpp"
#include "codec/zstd.hpp"

using namespace logpipe;
using namespace logpipe::codec;
using namespace logpipe::forward;
using namespace logpipe::test;

TEST_CASE("a message that can never be accepted is rejected with its reason, whole, and still acked",
          "[forward_decoder]") {
    auto const chunk = fix_string("chunk") + fix_string("c");
    auto const ack = "\x81" + chunk;
    auto const compressed = fix_string("compressed");
    auto const rejected = [&](std::string const& message, std::string const& reason, bool acked = true) {
        CAPTURE(reason);
        auto const got = decode(message + single_message("t", 9));
        CHECK_FALSE(got.failure.has_value());
        REQUIRE(got.records().size() == 2);
        CHECK(got.records()[0] == message);
        REQUIRE(got.reasons().size() == 1);
        CHECK_THAT(got.reasons()[0], ContainsSubstring(reason));
        CHECK(got.chunks == (acked ? std::vector{fix_string("c")} : std::vector<std::string>{}));
        CHECK(got.counts.rejected_messages == 1);
        CHECK(got.events.events[0].id);
    };
    auto const entries = entry("\x01", 1);
    rejected(packed(entries, "\x82" + chunk + fix_string("fluent_signal") + "\x01"), "fluent_signal 1");
    for (auto const* unknown : {"zip", "GZIP", "lz4"})
        rejected(packed(entries, "\x82" + compressed + fix_string(unknown) + chunk), unknown);
    rejected(packed(entries, "\x82" + compressed + "\x01" + chunk), "compression is of type integer");
    rejected(packed(entries, "\x82" + compressed + "\x81\x01\x02" + chunk), "compression is of type map");
    rejected(packed(entries, "\x82" + chunk + compressed + fix_string("gzip")), "entries");
    rejected(packed(gzip(entries).substr(0, 12), "\x82" + chunk + compressed + fix_string("gzip")), "entries");
    rejected(packed(entries, "\x82" + chunk + compressed + fix_string("zstd")), "bad zstd");
    rejected(packed(zstd(entries).substr(0, 12), "\x82" + chunk + compressed + fix_string("zstd")),
             "zstd ends in the middle");
    rejected(packed(zstd(entries) + "x", "\x82" + chunk + compressed + fix_string("zstd")), "zstd");
    rejected("\x90", "an array of 0", false);
    rejected("\x91\xa1t", "an array of 1", false);
    rejected("\x95\xa1t\x01\x80\x80" + ack, "an array of 5");
    rejected("\x95\xa1t\x91\x91\x01\x80\xc0\xc0", "an array of 5", false);
    rejected("\x94\x01\x02\x80" + ack, "tag is of type integer");
    rejected("\x93\x91\x01\x90" + ack, "tag is of type array");
    rejected("\x93\xa1\xff\x90" + ack, "UTF-8");
    rejected("\x93\xda\x04\x01" + std::string(1025, 't') + "\x90" + ack, "a tag of 1025 bytes");
    rejected("\x92\xa1t\x80", "neither", false);
    rejected("\x94\xa1t\x80\x80" + ack, "neither");
    rejected("\x92\xa1t\x01", "no record", false);
    rejected("\x93\xa1t\x90\x01", "options", false);
    rejected("\x94\xa1t\x90\x80" + ack, "more elements");
    // A Message with a bad time: a boolean, a string.
    rejected("\x94\xa1t\xc3\x81\xa1n\x01" + ack, "neither");
    rejected("\x94\xa1t\xa1x\x81\xa1n\x01" + ack, "more elements");
}

TEST_CASE("a chunk id above its limit is rejected and acked as it came", "[forward_decoder]") {
    auto const id = "\xda\x04\x01"s + std::string(1025, 'c');
    auto const got = decode(packed(entry("\x01", 1), "\x81" + fix_string("chunk") + id));
    CHECK(got.chunks == std::vector{id});
    REQUIRE(got.reasons().size() == 1);
    CHECK_THAT(got.reasons()[0], ContainsSubstring("a chunk id of 1025 bytes"));
}

TEST_CASE("a chunk that is not a string is taken and acked as it came, and makes no ids", "[forward_decoder]") {
    for (auto const& id : {"\x07"s, "\xc3"s, "\xa0"s, "\x92\x01\xa1x"s, "\x81\x01\x02"s, "\xd4\x01\x02"s}) {
        auto const got = decode(packed(entry("\x01", 1), "\x81" + fix_string("chunk") + id));
        CHECK(got.chunks == std::vector{id});
        CHECK(got.records() == std::vector<std::string>{R"({"n":1})"});
        CHECK(got.reasons().empty());
        CHECK_FALSE(got.events.events[0].id);
    }
    CHECK(decode(packed(entry("\x01", 1), "\x81" + fix_string("chunk") + "\xc0")).chunks.empty());
}

TEST_CASE("a bad entry of a Message is rejected and the message acked", "[forward_decoder]") {
    auto const ack = "\x81" + fix_string("chunk") + fix_string("c");
    for (auto const& [message, bytes] :
         {std::pair{"\x94\xa1t\xd7\x05"s + "12345678" + "\x80", "\xd7\x05"s + "12345678" + "\x80"},
          std::pair{"\x94\xa1t\x01\x05"s, "\x01\x05"s}, std::pair{"\x94\xa1t\x92\xc3\x80\x80"s, "\x92\xc3\x80\x80"s},
          std::pair{"\x94\xa1t\xd6\xff"s + "1234" + "\xc0", "\xd6\xff"s + "1234" + "\xc0"}}) {
        auto const got = decode(message + ack);
        CHECK(got.chunks == std::vector{fix_string("c")});
        CHECK(got.records() == std::vector{bytes});
        CHECK(got.reasons().size() == 1);
    }
}

TEST_CASE("lengths are not believed before the bytes are there", "[forward_decoder]") {
    event_decoder_options const small{.limits = {.message_bytes_max = 1000}};
    for (auto const& claim : {"\x92\xa1t\xc6\xff\xff\xff\xff"s, "\x92\xdb\xff\xff\xff\xff"s, "\xdd\xff\xff\xff\xff"s,
                              "\x92\xa1t\xdd\xff\xff\xff\xff"s, "\x93\xa1t\x01\xdf\xff\xff\xff\xff"s,
                              "\x93\xa1t\x01\xc9\xff\xff\xff\xff\x01"s, "\x92\xa1t\xc5\x03\xe8"s}) {
        // What comes after such a claim is a part of that message, for all that anybody knows.
        auto const got = decode(claim + single_message("t", 1), small);
        CHECK_FALSE(got.failure.has_value());
        CHECK(got.events.empty());
    }
    auto const deep = decode("\x93\xa1t\x01" + std::string(900, '\x91') + "\xc0", small);
    CHECK(deep.reasons().size() == 1);
    CHECK(decode("\xc1").failure->code == errc::protocol);
    CHECK_THAT(decode("{\"a\":1}").failure->message, ContainsSubstring("JSON"));
    for (auto const& no_array : {"\xc6\xff\xff\xff\xff"s, "\xdf\xff\xff\xff\xff"s, "GET / HTTP/1.1"s})
        CHECK(decode(no_array, small).failure->code == errc::protocol);
}

TEST_CASE("a message over the limit is passed over, its beginning kept, and acked", "[forward_decoder]") {
    event_decoder_options const small{.limits = {.message_bytes_max = 1000}};
    auto const ack = "\x82" + fix_string("size") + "\x01" + fix_string("chunk") + fix_string("c");
    std::string many;
    for (int i = 0; i < 300; ++i) many += entry("\x01", i % 100);
    auto const huge = packed(std::string(200'000, '\xc1'), ack);
    struct oversized {
        std::string message;
        std::string kept;
        bool acked = true;
    };
    for (auto const& [message, kept, acked] :
         {oversized{packed(many, ack), packed(many, ack)}, oversized{"\x93\xa1t\xdc\x01\x2c" + many + ack, {}},
          oversized{"\x94\xa1t\x01\x81\xa1n\xda\x04\x01" + std::string(1025, 'x') + ack, {}},
          oversized{"\x93\xa1t\x01\x81\xa1n\xda\x04\x01" + std::string(1025, 'x'), {}, false},
          oversized{packed(many), {}, false}, oversized{huge, huge.substr(0, 65536)},
          oversized{packed("", "\x82" + fix_string("x") + "\xdb\x00\x01\x00\x00"s + std::string(65536, 'x') +
                                   fix_string("chunk") + fix_string("c")),
                    {},
                    false}}) {
        auto const stream = single_message("t", 1) + message + single_message("t", 2, "d");
        auto const whole = decode(stream, small);
        CHECK_FALSE(whole.failure.has_value());
        REQUIRE(whole.records().size() == 3);
        CHECK(whole.records()[1] == (kept.empty() ? message.substr(0, 65536) : kept));
        CHECK(whole.records()[2] == R"({"n":2})");
        REQUIRE(whole.reasons().size() == 1);
        CHECK_THAT(whole.reasons()[0],
                   ContainsSubstring("a message of " + std::to_string(message.size()) + " bytes; the limit is 1000"));
        CHECK(whole.events.tags == std::vector<std::string>{"t"});
        CHECK(whole.counts.rejected_messages == 1);
        CHECK(whole.chunks.size() == (acked ? 2 : 1));
        for (std::size_t const piece : {1U, 7U, 1000U, 4096U}) {
            auto const pieces = decode(stream, small, piece);
            CHECK(pieces.records() == whole.records());
            CHECK(pieces.chunks == whole.chunks);
            CHECK(pieces.reasons() == whole.reasons());
        }
    }
    // Broken bytes within it end it.
    CHECK(decode("\x92\xa1t\xdc\x01\x2c" + many.substr(0, 1200) + "\xc1", small).failure->code == errc::protocol);
}

TEST_CASE("a bomb is rejected at the limit, many entries at theirs", "[forward_decoder]") {
    std::string const zeros(10'000'000, '\0');
    for (auto const& [bomb, name] : {std::pair{gzip(zeros), "gzip"}, std::pair{zstd(zeros), "zstd"}}) {
        auto const option = "\x81" + fix_string("compressed") + fix_string(name);
        auto const got = decode(packed(bomb, option), {.limits = {.decompressed_bytes_max = 1'000'000}});
        REQUIRE(got.reasons().size() == 1);
        CHECK(got.records()[0] == packed(bomb, option));
    }

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

TEST_CASE("the bad entries of a message are one dead letter with their indexes, and the good ones pass",
          "[forward_decoder]") {
    auto const chunk = "\x81" + fix_string("chunk") + fix_string("c");
    auto const bad = "\x92\x01\xc0"s;
    auto const entries = entry("\x01", 1) + bad + entry("\x01", 3) + "\x05" + bad;
    for (auto const& [options, trusted] :
         {std::pair{chunk, true}, std::pair{chunk, false}, std::pair{std::string{}, false}}) {
        auto const got = decode(packed(entries, options), {.limits = {}, .trust_chunk_ids = trusted});
        REQUIRE(got.events.events.size() == 3);
        REQUIRE(got.events.rejections.size() == 1);
        auto const& reason = got.events.rejections[0];
        CHECK(reason.entries == 3);
        CHECK(reason.reason ==
              "the record is a msgpack nil, not a map; an entry is not an array of a time and a record");
        auto const& row = got.events.events[reason.event];
        CHECK(row.id.index() == pack_index);
        if (trusted) CHECK(row.id.at(0) == got.events.events[0].id);
        std::vector<std::pair<std::uint32_t, std::string>> indexes;
        REQUIRE(unpack_dead_letter(got.events.record(row), [&](packed_entry const& one) -> result<> {
            indexes.emplace_back(one.index, one.bytes);
            return {};
        }));
        CHECK(indexes == std::vector<std::pair<std::uint32_t, std::string>>{{1, bad}, {3, "\x05"}, {4, bad}});
        CHECK(got.counts.events == 5);
        CHECK(got.counts.rejected_events == 3);
    }
}

TEST_CASE("a kilobyte of wire with a hundred thousand bad entries stays a kilobyte of dead letters",
          "[forward_decoder]") {
    std::string const tag = "app." + std::string(1000, 't');
    std::string message = "\x93\xda\x03\xec"s + tag + binary(gzip(std::string(100'000, '\0'))) + "\x82" +
                          fix_string("compressed") + fix_string("gzip") + fix_string("chunk") + fix_string("p");
    auto const got = decode(message);
    REQUIRE(got.events.events.size() == 1);
    CHECK(got.events.rejections[0].entries == 100'000);
    CHECK(got.events.events[0].record_bytes < 1'000);
    CHECK(got.counts.rejected_events == 100'000);
}
