#include "message_portions.hpp"

#include "codec/dead_letter_pack.hpp"
#include "codec/gzip.hpp"
#include "codec/zstd.hpp"
#include "core/chunk_hash.hpp"
#include "support/catch.hpp"
#include "support/forward_decoding.hpp"

#include <fmt/format.h>

using namespace logpipe;
using namespace logpipe::codec;
using namespace logpipe::forward;
using namespace logpipe::test;

namespace {

using strings = std::vector<std::string>;

std::string raw_entry(std::string_view record) {
    std::string out{"\x92\x01"};
    msgpack_writer{out}.string(record);
    return out;
}

std::string line_of(std::uint32_t number) {
    return fmt::format("{} {}", number, std::string(number * 7919U % 400, 'x'));
}

std::string many_entries(std::uint32_t count) {
    std::string entries;
    for (std::uint32_t i = 0; i < count; ++i) entries += raw_entry(line_of(i));
    return entries;
}

struct portions {
    std::vector<std::size_t> ends;  // events so far
    decoded all;
};

portions read_portions(std::string const& bytes, event_decoder_options const& options = {}) {
    event_decoder decoder{options};
    message_portions message{read_forward_message(bytes, options.limits).value()};
    portions got;
    while (!message.is_whole()) {
        decoder.append(message, got.all.events);
        got.ends.push_back(got.all.events.events.size());
        REQUIRE(got.ends.size() < 100);
    }
    got.all.counts = decoder.counts();
    return got;
}

std::string const chunk_option = fix_string("chunk") + fix_string("c");
std::string const gzip_option = fix_string("compressed") + fix_string("gzip");
std::string const zstd_option = fix_string("compressed") + fix_string("zstd");

}  // namespace

TEST_CASE("a large message comes in portions, with the records and ids that it has as a whole", "[forward_decoder]") {
    constexpr std::uint32_t count = 40'000;
    auto const entries = many_entries(count);
    auto const first_id = chunk_hash("t", "c", entries);
    std::vector<std::size_t> ends;
    for (auto const& message :
         {packed(entries, "\x81" + chunk_option), packed(gzip(entries), "\x82" + chunk_option + gzip_option),
          packed(zstd(entries), "\x82" + chunk_option + zstd_option)}) {
        auto const got = read_portions(message);
        CHECK(got.ends.size() > 4);
        CHECK(got.ends == read_portions(message).ends);
        REQUIRE(got.all.events.events.size() == count);
        for (std::uint32_t i = 0; i < count; ++i) {
            REQUIRE(got.all.events.record(got.all.events.events[i]) == line_of(i));
            REQUIRE(got.all.events.events[i].id == first_id.at(i));
        }
        CHECK(got.all.events.rejections.empty());
        std::size_t begin = 0;
        for (auto const end : got.ends) {
            std::size_t bytes = 0;
            for (auto i = begin; i < end; ++i) bytes += sizeof(event) + got.all.events.events[i].record_bytes;
            CHECK(bytes < message_portions::portion_bytes + sizeof(event) + 500);
            begin = end;
        }
    }
}

TEST_CASE("a million empty records of two kilobytes come in portions", "[forward_decoder]") {
    std::string entries;
    for (int i = 0; i < 1'000'000; ++i) entries += "\x92\x01\x80";
    event_decoder decoder{{}};
    auto const bytes = packed(gzip(entries), "\x81" + gzip_option);
    message_portions message{read_forward_message(bytes, {}).value()};
    std::size_t events = 0;
    while (!message.is_whole()) {
        batch portion;
        decoder.append(message, portion);
        CHECK(portion.used_bytes() < message_portions::portion_bytes + 100);
        events += portion.events.size();
    }
    CHECK(events == 1'000'000);
}

TEST_CASE("rejected entries of two portions are dead letters of two ids", "[forward_decoder]") {
    auto const bad = "\x92\x01\x07"s;
    auto const large = raw_entry(std::string(message_portions::portion_bytes, 'x'));
    auto const got = read_portions(packed(bad + bad + large + bad + bad, "\x81" + chunk_option));
    CHECK(got.ends.size() == 2);
    REQUIRE(got.all.events.rejections.size() == 2);
    auto const& rows = got.all.events.events;
    auto const first = rows[got.all.events.rejections[0].event].id;
    auto const second = rows[got.all.events.rejections[1].event].id;
    CHECK(first.index() == pack_index);
    CHECK(second.index() == pack_index - 1);
    CHECK(first.at(0) == second.at(0));
    CHECK(got.all.events.rejections[1].entries == 2);
}

TEST_CASE("an event above its limit is cut to it and rejected, and those after it are taken", "[forward_decoder]") {
    event_decoder_options options;
    options.limits.event_bytes_max = 100;
    auto const got = read_portions(packed(raw_entry("a") + raw_entry(std::string(101, 'x')) + raw_entry("b")), options);
    CHECK(got.all.records() == strings({"a", raw_entry(std::string(101, 'x')).substr(0, 100), "b"}));
    CHECK(got.all.reasons() == strings({"an event above --event-bytes-max (the first 100 of 105 bytes)"}));

    // Each of these bytes is six as JSON.
    auto const escaped = "\x92\x01\x81\xa1n"s + "\xb4"s + std::string(20, '\x01');
    auto const grown = read_portions(packed(escaped), options);
    CHECK(grown.all.reasons() == strings({"an event above --event-bytes-max: 128 bytes as JSON"}));
    CHECK(grown.all.records() == strings({escaped}));
}

TEST_CASE("of compressed entries that end within one, the whole ones are taken, and where it breaks is said",
          "[forward_decoder]") {
    auto const entries = many_entries(40'000);
    auto const cut = entries.substr(0, entries.size() - 1);
    for (auto const& message : {packed(cut), packed(gzip(cut), "\x81" + gzip_option)}) {
        auto const got = read_portions(message);
        REQUIRE(got.all.events.events.size() == 40'000);
        CHECK(got.all.reasons() == strings({fmt::format("the chunk's bytes are broken from byte {} on",
                                                        entries.size() - raw_entry(line_of(39'999)).size())}));
    }
}

TEST_CASE("compressed entries that are broken at their end, or too many, make no event", "[forward_decoder]") {
    auto const entries = many_entries(40'000);
    auto const whole = gzip(entries);
    auto const broken = read_portions(packed(whole.substr(0, whole.size() - 9), "\x81" + gzip_option));
    CHECK(broken.all.reasons() == strings({"the entries: gzip ends in the middle"}));
    CHECK(broken.all.events.events.size() == 1);
    event_decoder_options options;
    options.limits.decompressed_bytes_max = entries.size() - 1;
    auto const large = read_portions(packed(whole, "\x81" + gzip_option), options);
    CHECK(large.all.reasons() ==
          strings({fmt::format("the entries: gzip inflates to more than {} bytes", entries.size() - 1)}));
    options.limits.decompressed_bytes_max = entries.size();
    CHECK(read_portions(packed(whole, "\x81" + gzip_option), options).all.reasons().empty());
}
