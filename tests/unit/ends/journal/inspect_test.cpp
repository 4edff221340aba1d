#include "journal_support.hpp"
#include "support/catch.hpp"

#include "core/log.hpp"

#include <fmt/format.h>

#include <filesystem>

using namespace logpipe;
using namespace logpipe::journal;
using namespace logpipe::test;

namespace {

/// Three segments of two events each, closed; a cursor at 2.
struct closed_topic {
    closed_topic() {
        set_up_log({.level = log_level::off});
        auto const opened = open_journal({.folder = path, .segment_bytes = 200});
        REQUIRE(opened);
        topic_end end{**opened};
        auto from = (*opened)->make_source("index");
        REQUIRE(from->open());
        for (int i = 0; i < 3; ++i) {
            REQUIRE(end.write(
                chunk_of("t", fmt::format("{}", i), {fmt::format("{{\"n\":{}}}", i), std::string(100, ' ')})));
            REQUIRE(end.flush());
        }
        progress const safe{.safe = {.partition = 0, .offset = 1}, .counts = {.in = 1, .indexed = 1}};
        REQUIRE(from->commit({&safe, 1}));
    }
    std::string segment(std::uint64_t first) const { return fmt::format("nginx-logs/{:020}.seg", first); }
    void damage(std::uint64_t first, std::size_t at) const {
        auto bytes = folder.read(segment(first));
        bytes[at] = static_cast<char>(bytes[at] ^ 1);
        folder.write(segment(first), bytes);
    }
    std::vector<std::uint64_t> exported() const {
        std::vector<std::uint64_t> offsets;
        REQUIRE(export_journal(path, [&](batch const& events) -> result<> {
            for (auto const& row : events.events) offsets.push_back(row.offset);
            return {};
        }));
        return offsets;
    }

    scratch_folder folder;
    std::string const path = folder.path("nginx-logs");
};

using offsets = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("a whole journal is shown as whole", "[journal][inspect]") {
    closed_topic const topic;
    auto const info = inspect_journal(topic.path);
    REQUIRE(info.has_value());
    REQUIRE(info->segments.size() == 3);
    REQUIRE(info->segments[1].first_offset == 2);
    REQUIRE(info->segments[1].end_offset == 4);
    REQUIRE(info->segments[1].events == 2);
    for (auto const& segment : info->segments) REQUIRE(segment.damage.empty());
    REQUIRE(info->cursors.size() == 1);
    REQUIRE(info->cursors[0].group == "index");
    REQUIRE(info->cursors[0].offset == 1);
    REQUIRE(info->cursors[0].counts.indexed == 1);
    REQUIRE(topic.exported() == offsets{0, 1, 2, 3, 4, 5});
}

TEST_CASE("damage is shown with its bytes and offsets", "[journal][inspect]") {
    closed_topic const topic;
    topic.damage(2, 100);
    auto const info = inspect_journal(topic.path);
    REQUIRE(info->segments[1].damage.size() == 1);
    REQUIRE_THAT(info->segments[1].damage[0], ContainsSubstring("from byte 0"));
    REQUIRE(info->segments[0].damage.empty());
    REQUIRE(topic.exported() == offsets{0, 1, 4, 5});
}

TEST_CASE("repair cuts and sets aside in every segment", "[journal][inspect]") {
    closed_topic const topic;
    topic.damage(2, 100);
    topic.folder.write(topic.segment(0), topic.folder.read(topic.segment(0)) + "torn");
    auto const report = repair_journal(topic.path);
    REQUIRE(report.has_value());
    REQUIRE(report->segments_set_aside == 1);
    REQUIRE(report->bytes_cut == 4);
    REQUIRE(report->notes.size() == 2);
    REQUIRE_THAT(report->notes[0], ContainsSubstring("cut 4 bytes"));
    REQUIRE_THAT(report->notes[1], ContainsSubstring(".bad"));
    auto const info = inspect_journal(topic.path);
    REQUIRE(info->segments.size() == 2);
    for (auto const& segment : info->segments) REQUIRE(segment.damage.empty());
}

TEST_CASE("a journal that is being written is read but not repaired", "[journal][inspect]") {
    closed_topic const topic;
    auto const opened = open_journal({.folder = topic.path});
    REQUIRE(opened);
    REQUIRE(repair_journal(topic.path).error().code == errc::busy);
    REQUIRE(topic.exported().size() == 6);
}

TEST_CASE("a folder without a journal is reported as such", "[journal][inspect]") {
    scratch_folder const folder;
    std::filesystem::create_directory(folder.path("x"));
    for (auto const* name : {"x", "y"}) {
        REQUIRE(inspect_journal(folder.path(name)).error().code == errc::not_found);
        REQUIRE(repair_journal(folder.path(name)).error().code == errc::not_found);
        REQUIRE(export_journal(folder.path(name), [](batch const&) { return result<>{}; }).error().code ==
                errc::not_found);
    }
}

TEST_CASE("a journal that is not there is named with the one beside it that has a like name", "[journal][inspect]") {
    closed_topic const topic;
    auto const like = topic.path + "s";
    auto const hint = "; did you mean " + topic.path + "?";
    CHECK_THAT(inspect_journal(like).error().message, ContainsSubstring(hint));
    CHECK_THAT(make_journal_source({.folder = like, .group = "g"})->open().error().message, ContainsSubstring(hint));
    auto const unlike = std::filesystem::path{topic.path}.parent_path() / "an-other-name-altogether";
    CHECK_THAT(inspect_journal(unlike).error().message, !ContainsSubstring("did you mean"));
}

TEST_CASE("an export stops at the first error of its taker", "[journal][inspect]") {
    closed_topic const topic;
    auto const stopped = export_journal(
        topic.path, [](batch const&) -> result<> { return error{errc::storage_failed, "the pipe is closed"}; });
    REQUIRE(stopped.error().message == "the pipe is closed");
}

TEST_CASE("a damaged topic file or cursor is shown", "[journal][inspect]") {
    closed_topic const topic;
    topic.folder.write("nginx-logs/topic", "nonsense");
    topic.folder.write("nginx-logs/cursors/index", "nonsense");
    auto const info = inspect_journal(topic.path);
    REQUIRE(info->damage.size() == 2);
    REQUIRE(info->cursors.empty());
    REQUIRE(info->segments.size() == 3);
}
