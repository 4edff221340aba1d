#include "large_frame.hpp"

#include "frame_encoder.hpp"
#include "journal_support.hpp"
#include "segment_reader.hpp"
#include "support/catch.hpp"
#include "world/faulty_files.hpp"

#include <fmt/format.h>

#include <random>

using namespace logpipe;
using namespace logpipe::journal;
using namespace logpipe::sim;
using namespace logpipe::test;

namespace {

/// As older versions wrote a chunk: one frame, whatever its size.
std::string one_frame(batch const& events) {
    frame_encoder encoder{payload_bytes_max};
    encoder.begin(events, 9'000);
    REQUIRE(encoder.next().value());
    encoder.keep(7, 100);
    REQUIRE(!encoder.next().value());
    std::string bytes;
    for (auto const part : encoder.parts()) bytes += part;
    return bytes;
}

batch large_chunk() {
    batch events;
    auto const tag = events.tag_index("app.follow");
    event_id const chunk{.high = 1, .low = std::uint64_t{2} << 32U};
    std::mt19937_64 random{1};
    for (std::uint32_t i = 0; i < 60'000; ++i)
        events.append(tag, chunk.at(i), i, fmt::format("{}{}", i, std::string(random() % 200, 'x')));
    events.append(tag, chunk.at(60'000), 1, std::string(5U << 20U, 'y'));
    events.append(tag, chunk.at(60'001), 1, "last");
    return events;
}

struct portions {
    std::vector<std::uint64_t> ends;
    batch all;
};

portions read(faulty_files& files, std::uint64_t end_bytes, std::size_t held_bytes_max, std::uint64_t from_offset) {
    auto const from = files.open("d/s", file_access::read);
    segment_reader reader{**from, 64, held_bytes_max};
    REQUIRE(reader.next(end_bytes).value() == segment_step::frame);
    portions got;
    for (auto offset = from_offset; offset < reader.header().end_offset(); offset = got.ends.back())
        got.ends.push_back(reader.append_portion(offset, got.all).value());
    return got;
}

}  // namespace

TEST_CASE("a frame that is too large to be held gives the same portions as one that is held", "[journal][format]") {
    faulty_files files;
    auto const events = large_chunk();
    auto const bytes = one_frame(events);
    files.set_contents("d/s", bytes);
    for (std::uint64_t const from_offset : {100U, 101U, 20'100U, 60'099U, 60'100U, 60'101U}) {
        INFO(from_offset);
        auto const held = read(files, bytes.size(), bytes.size(), from_offset);
        auto const large = read(files, bytes.size(), 0, from_offset);
        REQUIRE(held.ends == large.ends);
        REQUIRE(large.all.records == held.all.records);
        REQUIRE(large.all.events.size() == events.events.size() - (from_offset - 100));
        auto const first = from_offset - 100;
        for (std::size_t i = 0; i < large.all.events.size(); ++i) {
            REQUIRE(large.all.record(large.all.events[i]) == events.record(events.events[first + i]));
            REQUIRE(large.all.events[i].id == events.events[first + i].id);
            REQUIRE(large.all.events[i].offset == from_offset + i);
        }
        REQUIRE(large.all.tags == std::vector<std::string>{"app.follow"});
    }
}

TEST_CASE("a large frame is read again from before where it was read", "[journal][format]") {
    faulty_files files;
    auto const bytes = one_frame(large_chunk());
    files.set_contents("d/s", bytes);
    auto const from = files.open("d/s", file_access::read);
    segment_reader reader{**from, 64, 0};
    REQUIRE(reader.next(bytes.size()).value() == segment_step::frame);
    batch got;
    auto const first = reader.append_portion(100, got).value();
    REQUIRE(reader.append_portion(60'000, got));
    got.clear();
    CHECK(reader.append_portion(100, got).value() == first);
    CHECK(got.events.size() == first - 100);
    CHECK(got.record(got.events.front()).starts_with("0"));
}

TEST_CASE("one changed byte of a large frame makes it damage", "[journal][format]") {
    faulty_files files;
    auto const bytes = one_frame(large_chunk());
    std::mt19937_64 random{2};
    for (int i = 0; i < 20; ++i) {
        auto damaged = bytes;
        auto const at = header_bytes + random() % (bytes.size() - header_bytes);
        damaged[at] = static_cast<char>(damaged[at] ^ 1);
        files.set_contents("d/s", damaged);
        auto const from = files.open("d/s", file_access::read);
        segment_reader reader{**from, 64, 0};
        CHECK(reader.next(bytes.size()).value() == segment_step::damage);
        CHECK(reader.next(bytes.size()).value() == segment_step::end);
    }
    files.set_contents("d/s", bytes.substr(0, bytes.size() - 1));
    auto const from = files.open("d/s", file_access::read);
    segment_reader reader{**from, 64, 0};
    CHECK(reader.next(bytes.size() - 1).value() == segment_step::damage);
}
