#include "lines/line_chunker.hpp"

#include "support/catch.hpp"

#include <random>
#include <set>

using namespace logpipe;
using namespace logpipe::lines;

namespace {

line_options options_of(std::string run_id = "20260131T013139Z-0123456789ab") {
    return {.tag = "app.follow", .run_id = std::move(run_id), .line_bytes_max = 100};
}

std::string numbered(std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += "{\"n\": " + std::to_string(i * 7) + "}\n";
    return text;
}

struct chunked {
    std::vector<std::string> records;
    std::vector<event_id> ids;
    std::vector<std::uint64_t> offsets;
    std::vector<std::size_t> sizes;

    friend bool operator==(chunked const&, chunked const&) = default;

    void add(batch const& chunk) {
        REQUIRE(chunk_end(chunk.events, 0) == chunk.events.size());
        sizes.push_back(chunk.events.size());
        for (auto const& row : chunk.events) {
            records.emplace_back(chunk.record(row));
            ids.push_back(row.id);
            offsets.push_back(row.offset);
        }
        REQUIRE(chunk.end_offset == offsets.back() + 1);
    }
};

template <class PieceBytes>
chunked chunk(std::string_view text, PieceBytes piece_bytes, line_options options = options_of(),
              std::uint64_t first = 0) {
    line_chunker chunker{std::move(options), {.bytes = 200, .lines = 10}, "test"};
    chunker.seek(first);
    chunked got;
    batch into;
    while (!text.empty()) {
        auto piece = text.substr(0, piece_bytes());
        text.remove_prefix(piece.size());
        while (!piece.empty()) {
            if (!chunker.add(piece)) continue;
            chunker.take(into);
            got.add(into);
        }
    }
    if (chunker.finish()) {
        chunker.take(into);
        got.add(into);
    }
    return got;
}

chunked chunk_whole(std::string_view text, line_options options = options_of(), std::uint64_t first = 0) {
    return chunk(text, [&] { return text.size(); }, std::move(options), first);
}

}  // namespace

TEST_CASE("the same bytes make the same chunks and ids whatever pieces they came in", "[chunks]") {
    auto const text = numbered(500);
    auto const whole = chunk_whole(text);
    REQUIRE(whole.records.size() == 500);
    REQUIRE(whole.sizes.size() > 40);
    REQUIRE(std::set<event_id>(whole.ids.begin(), whole.ids.end()).size() == 500);
    std::minstd_rand random{7};
    for (int round = 0; round < 50; ++round)
        REQUIRE(chunk(text, [&] { return std::size_t{1} + random() % 300; }) == whole);
}

TEST_CASE("a chunk ends with the line that reaches the lines or the bytes", "[chunks]") {
    auto const by_lines = chunk_whole("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n");
    REQUIRE(by_lines.sizes == std::vector<std::size_t>{10, 1});
    std::string const long_line(99, 'x');
    auto const by_bytes = chunk_whole(long_line + "\n" + long_line + "\n" + long_line + "\n" + long_line + "\n");
    REQUIRE(by_bytes.sizes == std::vector<std::size_t>{3, 1});
}

TEST_CASE("another run, tag, place or content gives other ids", "[chunks]") {
    auto const base = chunk_whole("a\nbc\n");
    REQUIRE(chunk_whole("a\nbc\n").ids == base.ids);
    REQUIRE(chunk_whole("a\nbc\n", options_of("another")).ids[0] != base.ids[0]);
    auto tagged = options_of();
    tagged.tag = "app.other";
    REQUIRE(chunk_whole("a\nbc\n", tagged).ids[0] != base.ids[0]);
    REQUIRE(chunk_whole("\na\nbc\n").ids[0] != base.ids[0]);
    REQUIRE(chunk_whole("a\nbd\n").ids[0] != base.ids[0]);
    REQUIRE(chunk_whole("ab\nc\n").ids[0] != base.ids[0]);
}

TEST_CASE("seeking leaves out what the sink has and keeps all other ids", "[chunks]") {
    auto const text = numbered(95);
    auto const whole = chunk_whole(text);
    for (std::size_t first = 0; first <= 96; ++first) {
        auto const rest = chunk_whole(text, options_of(), first);
        auto const skipped = static_cast<std::ptrdiff_t>(std::min<std::size_t>(first, 95));
        REQUIRE(rest.ids == std::vector<event_id>(whole.ids.begin() + skipped, whole.ids.end()));
        REQUIRE(rest.records == std::vector<std::string>(whole.records.begin() + skipped, whole.records.end()));
    }
}

TEST_CASE("a line that is too long is an event that is rejected with its beginning", "[chunks]") {
    line_chunker chunker{options_of(), {}, "test"};
    std::string const text = "ok\n" + std::string(101, 'x') + "\nfine\n";
    auto piece = std::string_view{text};
    REQUIRE(!chunker.add(piece));
    REQUIRE(chunker.finish());
    batch got;
    chunker.take(got);
    REQUIRE(got.events.size() == 3);
    REQUIRE(!got.events[0].rejected);
    REQUIRE(got.events[1].rejected);
    REQUIRE(got.record(got.events[1]) == std::string(100, 'x'));
    REQUIRE(got.rejections.size() == 1);
    REQUIRE(got.rejections[0].reason == "line over 100 bytes");
    REQUIRE(got.record(got.events[2]) == "fine");
    REQUIRE(chunker.cut_lines() == 1);

    SECTION("and seeking moves the rejections with the events") {
        line_chunker later{options_of(), {}, "test"};
        later.seek(1);
        auto second = std::string_view{text};
        REQUIRE(!later.add(second));
        REQUIRE(later.finish());
        later.take(got);
        REQUIRE(got.events.size() == 2);
        REQUIRE(got.rejections[0].event == 0);
        REQUIRE(got.events[0].rejected);
    }
}

TEST_CASE("every event carries the run's time, tag and origin", "[chunks]") {
    line_chunker chunker{options_of(), {}, "file x"};
    std::string_view piece = "a\n";
    REQUIRE(!chunker.add(piece));
    REQUIRE(chunker.flush());
    batch got;
    chunker.take(got);
    REQUIRE(got.events[0].time_ns == run_time_ns("20260131T013139Z"));
    REQUIRE(got.tags == std::vector<std::string>{"app.follow"});
    REQUIRE(got.origin == "file x");
    REQUIRE(!chunker.flush());
}
