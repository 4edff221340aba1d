#include "retention.hpp"

#include "core/log.hpp"
#include "cursor_file.hpp"
#include "support/catch.hpp"
#include "topic_folder.hpp"
#include "world/faulty_files.hpp"

using namespace logpipe;
using namespace logpipe::journal;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

/// Segments of ten offsets and a hundred bytes, the n-th received at second n from 1 on; the last one is active.
struct topic_of_segments {
    explicit topic_of_segments(std::size_t count, journal_options chosen = {}) : options{std::move(chosen)} {
        set_up_log({.level = log_level::off});
        options.folder = "d/t";
        for (auto const* const folder : {"d", "d/t", "d/t/cursors"}) REQUIRE(files.make_folder(folder));
        for (std::size_t i = 0; i < count; ++i) {
            files.set_contents(segment_path("d/t", 10 * i), "x");
            segments.add(
                {.first_offset = 10 * i, .bytes = 100, .newest_ns = static_cast<std::int64_t>(i + 1) * second_ns});
        }
    }
    void put_cursor(std::string const& group, std::uint64_t offset) {
        slot_file to{files, cursor_path("d/t", group)};
        REQUIRE(to.store(encode_cursor({.offset = offset, .counts = {}})));
    }
    [[nodiscard]] auto make_room(bool active_is_empty = false) {
        auto const made = what.make_room({.is_empty = active_is_empty, .end_offset = 10 * segments.count()});
        REQUIRE(made.has_value());
        return *made;
    }

    sim::faulty_files files;
    std::int64_t now_ns = 100 * second_ns;
    environment world{.files = &files, .now = [this] { return now_ns; }, .running = [this] { return now_ns; }};
    journal_options options;
    segment_list segments{files, "d/t"};
    receive_clock clock{"journal t", world};
    retention what{world, options, segments, clock};
};

}  // namespace

TEST_CASE("a cursor keeps its counts; those of before have dropped none", "[journal]") {
    cursor const all{.offset = 7, .counts = {.in = 15, .indexed = 1, .duplicates = 2, .dead = 3, .dropped = 9}};
    REQUIRE(decode_cursor(encode_cursor(all)) == all);
    cursor const before{.offset = 7, .counts = {.in = 6, .indexed = 1, .duplicates = 2, .dead = 3}};
    auto const bytes = encode_cursor(before);
    CHECK(bytes.size() == 64);
    CHECK(bytes.substr(48, 12) == std::string(12, '\0'));
    REQUIRE(decode_cursor(bytes) == before);
}

TEST_CASE("without a cursor nothing is removed, unless the oldest may be dropped", "[journal][retention]") {
    topic_of_segments kept{3};
    REQUIRE(kept.what.remove_passed());
    CHECK(kept.segments.count() == 3);
    CHECK(kept.make_room() == retention::step::nothing);

    topic_of_segments dropped{3, {.when_full = journal_full::drop_oldest}};
    CHECK(dropped.make_room() == retention::step::removed);
    CHECK(dropped.segments.count() == 2);
    CHECK(dropped.what.dropped_segments() == 1);
    CHECK(dropped.what.dropped_events() == 10);
    CHECK_FALSE(dropped.files.exists(segment_path("d/t", 0)));
}

TEST_CASE("what every group has passed is removed, and does not count as dropped", "[journal][retention]") {
    topic_of_segments topic{4};
    topic.put_cursor("fast", 40);
    topic.put_cursor("slow", 20);
    REQUIRE(topic.what.remove_passed(9));
    CHECK(topic.segments.count() == 4);
    REQUIRE(topic.what.remove_passed(40));
    CHECK(topic.segments.oldest_begin() == 20);
    CHECK(topic.what.dropped_segments() == 0);
}

TEST_CASE("what every group has passed stays for as long as the option says, but not where room is needed",
          "[journal][retention]") {
    topic_of_segments topic{4, {.keep = 98s}};
    topic.put_cursor("g", 40);
    REQUIRE(topic.what.remove_passed());
    CHECK(topic.segments.oldest_begin() == 10);
    CHECK(topic.make_room() == retention::step::removed);
    CHECK(topic.segments.count() == 1);
}

TEST_CASE("the active segment is closed for room once it is passed, or may be dropped", "[journal][retention]") {
    topic_of_segments topic{1};
    topic.put_cursor("g", 9);
    CHECK(topic.make_room() == retention::step::nothing);
    topic.put_cursor("g", 10);
    CHECK(topic.make_room() == retention::step::close_active);
    CHECK(topic.make_room(true) == retention::step::nothing);

    topic_of_segments dropped{1, {.when_full = journal_full::drop_oldest}};
    CHECK(dropped.make_room() == retention::step::close_active);
}

TEST_CASE("closed segments that are too old are dropped, read or not", "[journal][retention]") {
    topic_of_segments topic{4, {.age_max = 98s}};
    CHECK(topic.what.is_too_old(1 * second_ns));
    CHECK_FALSE(topic.what.is_too_old(2 * second_ns));
    CHECK_FALSE(topic.what.is_too_old(0));
    REQUIRE(topic.what.remove_too_old());
    CHECK(topic.segments.oldest_begin() == 10);
    topic.now_ns = 1'000 * second_ns;
    REQUIRE(topic.what.remove_too_old());
    CHECK(topic.segments.count() == 1);
    CHECK(topic.what.dropped_events() == 30);
}
