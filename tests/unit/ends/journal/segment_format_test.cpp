#include "segment_format.hpp"

#include "frame_encoder.hpp"
#include "journal_support.hpp"
#include "segment_reader.hpp"
#include "support/catch.hpp"
#include "world/faulty_files.hpp"

#include <filesystem>
#include <limits>

using namespace logpipe;
using namespace logpipe::journal;
using namespace logpipe::sim;
using namespace logpipe::test;
using namespace logpipe::journal;

namespace {

std::string encode(batch const& events, std::uint64_t epoch, std::uint64_t first_offset) {
    frame_encoder encoder;
    encoder.begin(events, 9'000);
    std::string bytes;
    while (true) {
        auto const more = encoder.next();
        REQUIRE(more);
        if (!*more) break;
        encoder.keep(epoch, first_offset);
        first_offset += encoder.header().event_count;
    }
    for (auto const part : encoder.parts()) bytes += part;
    REQUIRE(bytes.size() == encoder.bytes());
    return bytes;
}

batch decode(std::string_view bytes) {
    batch got;
    while (!bytes.empty()) {
        auto const header = read_header(bytes);
        REQUIRE(header);
        auto const payload = bytes.substr(header_bytes, header->payload_bytes);
        REQUIRE(payload_is_whole(*header, payload));
        for (auto offset = header->first_offset; offset < header->end_offset();)
            offset = append_portion(*header, payload, offset, got);
        bytes.remove_prefix(header->frame_bytes());
    }
    return got;
}

batch mixed_events() {
    batch events = chunk_of("app.follow", "one", {"{\"a\":1}", "", "{\"a\":3}"});
    auto const tag = events.tag_index("fluent.info");
    events.append(tag, {}, -5, "{\"b\":1}");
    events.append(tag, {}, std::numeric_limits<std::int64_t>::max(), "{\"b\":2}");
    return events;
}

}  // namespace

TEST_CASE("a frame gives back what was put in", "[journal][format]") {
    auto const events = mixed_events();
    auto const bytes = encode(events, 77, 100);
    auto const got = decode(bytes);
    REQUIRE(got.events.size() == 5);
    for (std::size_t i = 0; i < 5; ++i) {
        REQUIRE(got.record(got.events[i]) == events.record(events.events[i]));
        REQUIRE(got.tags[got.events[i].tag] == events.tags[events.events[i].tag]);
        REQUIRE(got.events[i].time_ns == events.events[i].time_ns);
        REQUIRE(got.events[i].received_ns == 9'000);
        REQUIRE(got.events[i].offset == 100 + i);
    }
    REQUIRE(got.events[2].id == events.events[2].id);
    REQUIRE(got.events[3].id == event_id{.high = 77, .low = 103});
    REQUIRE(got.events[4].id == event_id{.high = 77, .low = 104});
}

TEST_CASE("one chunk is one frame, events of one tag without ids another", "[journal][format]") {
    auto const bytes = encode(mixed_events(), 1, 0);
    auto const first = read_header(bytes);
    REQUIRE(first->event_count == 3);
    REQUIRE(first->chunk == chunk_hash("app.follow", "one", "{\"a\":1}"));
    auto const second = read_header(std::string_view{bytes}.substr(first->frame_bytes()));
    REQUIRE(second->event_count == 2);
    REQUIRE(!second->chunk);
    REQUIRE(first->frame_bytes() + second->frame_bytes() == bytes.size());
}

TEST_CASE("rejected events are left out and the others keep their indices in the chunk", "[journal][format]") {
    auto events = chunk_of("t", "c", {"a", "b", "c"});
    events.reject(1, "test", "no");
    auto const got = decode(encode(events, 1, 50));
    REQUIRE(got.events.size() == 2);
    REQUIRE(got.events[0].id.index() == 0);
    REQUIRE(got.events[1].id.index() == 2);
    REQUIRE(got.events[1].offset == 51);
    REQUIRE(got.record(got.events[1]) == "c");
}

TEST_CASE("a transformed batch is written as its documents", "[journal][format]") {
    auto events = chunk_of("t", "c", {"raw"});
    events.transformed = true;
    events.documents = "..{\"doc\":1}";
    events.events[0].document_begin = 2;
    events.events[0].document_bytes = 9;
    auto const got = decode(encode(events, 1, 0));
    REQUIRE(got.record(got.events[0]) == "{\"doc\":1}");
}

TEST_CASE("the time an earlier journal received an event stays with it", "[journal][format]") {
    auto events = chunk_of("t", "c", {"a", "b"});
    events.events[0].received_ns = 3;
    events.events[1].received_ns = 4;
    auto const got = decode(encode(events, 1, 0));
    REQUIRE(got.events[0].received_ns == 3);
    REQUIRE(got.events[1].received_ns == 4);
}

TEST_CASE("two runs of one chunk have different keys, a retry of one the same", "[journal][format]") {
    auto const whole = chunk_of("t", "c", {"a", "b", "c"});
    auto part = whole;
    part.reject(0, "test", "no");
    auto const key = [](batch const& events) { return read_header(encode(events, 1, 0))->key(); };
    REQUIRE(key(whole) == key(chunk_of("t", "c", {"a", "b", "c"})));
    REQUIRE(!(key(whole) == key(part)));
}

TEST_CASE("a chunk larger than 64 MiB becomes several frames", "[journal][format]") {
    std::string const large(std::size_t{40} << 20U, 'x');
    auto const events = chunk_of("t", "c", {large, large});
    auto const bytes = encode(events, 1, 0);
    auto const got = decode(bytes);
    REQUIRE(read_header(bytes)->event_count == 1);
    REQUIRE(got.events.size() == 2);
    REQUIRE(got.events[1].id.index() == 1);
}

TEST_CASE("a record that no frame can hold is rejected", "[journal][format]") {
    auto events = chunk_of("t", "c", {""});
    events.records.resize(payload_bytes_max);
    events.events[0].record_bytes = payload_bytes_max;
    frame_encoder encoder;
    encoder.begin(events, 1);
    auto const failed = encoder.next();
    REQUIRE(!failed);
    REQUIRE(failed.error().code == errc::rejected);
}

TEST_CASE("a flipped bit anywhere in a frame is noticed", "[journal][format]") {
    auto const bytes = encode(chunk_of("t", "c", {"{\"a\":1}"}), 1, 0);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        auto flipped = bytes;
        flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
        auto const header = read_header(flipped);
        REQUIRE((!header || !payload_is_whole(*header, std::string_view{flipped}.substr(header_bytes))));
    }
}

TEST_CASE("the reader finds the next good frame after damage, wherever its windows end", "[journal][format]") {
    faulty_files files;
    auto const frame = encode(chunk_of("t", "c", {"{\"a\":1}"}), 1, 7);
    for (std::size_t garbage = 1; garbage < 400; ++garbage) {
        files.set_contents("d/s", frame + std::string(garbage, '\xfe') + frame);
        auto const from = files.open("d/s", file_access::read);
        segment_reader reader{**from, 64};
        auto const end = 2 * frame.size() + garbage;
        REQUIRE(reader.next(end).value() == segment_step::frame);
        REQUIRE(reader.next(end).value() == segment_step::damage);
        REQUIRE(reader.position() == frame.size() + garbage);
        REQUIRE(reader.next(end).value() == segment_step::frame);
        REQUIRE(reader.header().first_offset == 7);
        REQUIRE(reader.next(end).value() == segment_step::end);
    }
}

TEST_CASE("format 1 stays readable", "[journal][format]") {
    // Written by the first version. If this fails, old journals have become unreadable: raise the format's version and
    // keep reading this one.
    scratch_folder const copy;
    std::filesystem::copy(LOGPIPE_TESTS_FOLDER "/unit/ends/journal/fixtures/format-1", copy.path("golden"),
                          std::filesystem::copy_options::recursive);
    auto const info = inspect_journal(copy.path("golden"));
    REQUIRE(info.has_value());
    REQUIRE(info->segments.size() == 1);
    REQUIRE(info->segments[0].events == 5);
    REQUIRE(info->segments[0].damage.empty());
    REQUIRE(info->cursors.size() == 1);
    REQUIRE(info->cursors[0].group == "index");
    REQUIRE(info->cursors[0].offset == 3);
    REQUIRE(info->cursors[0].counts == event_counts{.in = 3, .indexed = 2, .duplicates = 1, .dead = 0});

    auto const opened = open_journal({.folder = copy.path("golden")});
    REQUIRE(opened);
    REQUIRE((*opened)->recovery().notes.empty());
    auto from = (*opened)->make_source("index");
    REQUIRE(from->open());
    REQUIRE(from->identity() == "journal:golden:0123456789abcdef");
    batch got;
    REQUIRE(from->read(got, soon()));
    REQUIRE(got.events.size() == 2);
    REQUIRE(got.record(got.events[0]) == "{\"b\":1}");
    REQUIRE(got.events[0].id == event_id{.high = 0xfeed'beef'0000'0001, .low = 3});
    REQUIRE(got.events[0].time_ns == -5);
    REQUIRE(got.events[0].received_ns == 9'000);
    REQUIRE(got.tags[got.events[0].tag] == "fluent.info");
    got.clear();
    auto all = (*opened)->make_source("all");
    REQUIRE(all->open());
    REQUIRE(all->read(got, soon()));
    REQUIRE(got.events.size() == 5);
    REQUIRE(got.events[2].id == chunk_hash("app.follow", "one", "{\"a\":1}").at(2));
    REQUIRE(got.record(got.events[2]) == "{\"a\":3}");
}
