#include "recovery.hpp"

#include "core/log.hpp"
#include "environment.hpp"
#include "journal_support.hpp"
#include "segment_format.hpp"
#include "support/catch.hpp"
#include "support/looking.hpp"
#include "topic_folder.hpp"
#include "world/faulty_files.hpp"

#include <fmt/format.h>

#include <set>

using namespace logpipe;
using namespace logpipe::journal;
using namespace logpipe::sim;
using namespace logpipe::test;

namespace {

std::string const folder = "data/topic";

environment world(faulty_files& files) {
    return {.files = &files};
}

/// Two segments; the second, `last`, holds one frame for each of its chunks.
struct two_segments {
    two_segments() {
        set_up_log({.level = log_level::off});
        auto opened = journal::open_journal({.folder = folder, .segment_bytes = 400}, world(files));
        REQUIRE(opened);
        topic_end end{**opened};
        for (int i = 0; i < 6; ++i) {
            auto chunk =
                chunk_of("app.follow", fmt::format("chunk {}", i), {fmt::format("{{\"n\":{}}}", i), "{\"x\":0}"});
            for (auto const& row : chunk.events) ids.insert(row.id);
            REQUIRE(end.write(chunk));
            REQUIRE(end.flush());
        }
        end.to.reset();
        opened->reset();
        auto const segments = journal::list_segments(files, folder);
        REQUIRE(segments.has_value());
        REQUIRE(segments->size() == 2);
        last_first_offset = segments->back();
        last = journal::segment_path(folder, last_first_offset);
        whole = files.contents(last);
        for (std::size_t at = 0; at < whole.size();) {
            frame_ends.push_back(at + journal::read_header(std::string_view{whole}.substr(at))->frame_bytes());
            at = frame_ends.back();
        }
        REQUIRE(frame_ends.size() >= 3);
    }

    /// Opens with `bytes` as the last segment, writes one more chunk and gives the offsets that can be read.
    std::set<std::uint64_t> open_with(std::string const& bytes) {
        files.set_contents(last, bytes);
        auto opened = journal::open_journal({.folder = folder, .segment_bytes = 400}, world(files));
        REQUIRE(opened);
        bool const damaged = bytes != whole;
        bool const frames_only =
            std::ranges::any_of(frame_ends, [&](auto end) { return whole.substr(0, end) == bytes; });
        REQUIRE((damaged && !frames_only && !bytes.empty()) == !(*opened)->recovery().notes.empty());

        topic_end end{**opened};
        REQUIRE(end.write(loose_events("app.follow", {"{\"new\":1}"})));
        REQUIRE(end.flush());
        auto from = (*opened)->make_source("check");
        REQUIRE(from->open());
        std::set<std::uint64_t> offsets;
        batch got;
        do {
            got.clear();
            REQUIRE(from->read(got, at_once()));
            for (auto const& row : got.events) {
                REQUIRE(offsets.insert(row.offset).second);
                if (got.record(row) == "{\"new\":1}")
                    REQUIRE(!ids.contains(row.id));
                else
                    REQUIRE(ids.contains(row.id));
            }
        } while (!got.empty());
        REQUIRE(!offsets.empty());
        return offsets;
    }

    /// As before, for another try.
    void restore() {
        for (auto const& name : *files.list(folder))
            if (name.find(".seg") != std::string::npos && name != "00000000000000000000.seg")
                REQUIRE(files.remove(folder + "/" + name));
        for (auto const& name : *files.list(folder + "/cursors")) REQUIRE(files.remove(folder + "/cursors/" + name));
        REQUIRE(files.remove(folder + "/state"));
    }

    faulty_files files;
    std::uint64_t last_first_offset = 0;
    std::string last;
    std::string whole;
    std::vector<std::uint64_t> frame_ends;
    std::set<event_id> ids;
};

}  // namespace

TEST_CASE("cut at any byte, the last segment gives back every frame before the cut", "[journal][recovery]") {
    two_segments topic;
    for (std::size_t cut = 0; cut <= topic.whole.size(); ++cut) {
        INFO("cut at byte " << cut);
        topic.restore();
        auto const offsets = topic.open_with(topic.whole.substr(0, cut));
        for (std::size_t i = 0; i < topic.frame_ends.size(); ++i) {
            auto const first = topic.last_first_offset + 2 * i;
            if (topic.frame_ends[i] > cut) continue;
            REQUIRE(offsets.contains(first));
            REQUIRE(offsets.contains(first + 1));
        }
        for (std::uint64_t offset = 0; offset < topic.last_first_offset; ++offset) REQUIRE(offsets.contains(offset));
    }
}

TEST_CASE("with a bit flipped at any byte, only the frame with that byte is lost", "[journal][recovery]") {
    two_segments topic;
    for (std::size_t at = 0; at < topic.whole.size(); ++at) {
        INFO("flip in byte " << at);
        topic.restore();
        auto bytes = topic.whole;
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << (at % 8)));
        auto const offsets = topic.open_with(bytes);
        for (std::size_t i = 0; i < topic.frame_ends.size(); ++i) {
            auto const begin = i == 0 ? 0 : topic.frame_ends[i - 1];
            if (at >= begin && at < topic.frame_ends[i]) continue;
            REQUIRE(offsets.contains(topic.last_first_offset + 2 * i));
            REQUIRE(offsets.contains(topic.last_first_offset + 2 * i + 1));
        }
    }
}

TEST_CASE("a torn last frame is cut and its bytes and offsets are named", "[journal][recovery]") {
    two_segments topic;
    topic.files.set_contents(topic.last, topic.whole.substr(0, topic.whole.size() - 1));
    auto const opened = journal::open_journal({.folder = folder}, world(topic.files));
    REQUIRE(opened);
    auto const& report = (*opened)->recovery();
    auto const good = topic.frame_ends[topic.frame_ends.size() - 2];
    REQUIRE(report.bytes_cut == topic.whole.size() - 1 - good);
    REQUIRE(report.notes.size() == 1);
    REQUIRE_THAT(report.notes[0], ContainsSubstring(fmt::format("cut {} bytes at byte {}", report.bytes_cut, good)));
    REQUIRE_THAT(report.notes[0], ContainsSubstring("after offset 10"));
    REQUIRE(topic.files.contents(topic.last).size() == good);
}

TEST_CASE("a zero-filled tail is cut", "[journal][recovery]") {
    two_segments topic;
    topic.files.set_contents(topic.last, topic.whole + std::string(5000, '\0'));
    auto const opened = journal::open_journal({.folder = folder}, world(topic.files));
    REQUIRE(opened);
    REQUIRE((*opened)->recovery().bytes_cut == 5000);
    REQUIRE((*opened)->synced_offset() == 12);
}

TEST_CASE("a last segment without any whole frame is set aside and its offsets are not reused", "[journal][recovery]") {
    two_segments topic;
    topic.files.set_contents(topic.last, std::string(300, 'x'));
    auto const opened = journal::open_journal({.folder = folder}, world(topic.files));
    REQUIRE(opened);
    REQUIRE((*opened)->recovery().segments_set_aside == 1);
    REQUIRE_THAT((*opened)->recovery().notes[0], ContainsSubstring(".seg.bad"));
    REQUIRE(topic.files.exists(topic.last + ".bad"));
    REQUIRE((*opened)->synced_offset() == topic.last_first_offset);

    // A second one does not replace the first.
    auto const second = journal::set_aside(topic.files, folder, 0);
    REQUIRE(second);
}

TEST_CASE("a retry of a chunk is recognised after a restart", "[journal][recovery]") {
    two_segments topic;
    auto const opened = journal::open_journal({.folder = folder, .segment_bytes = 400}, world(topic.files));
    REQUIRE(opened);
    topic_end end{**opened};
    for (int i = 0; i < 6; ++i)
        REQUIRE(end.write(
            chunk_of("app.follow", fmt::format("chunk {}", i), {fmt::format("{{\"n\":{}}}", i), "{\"x\":0}"})));
    REQUIRE(end.flush());
    REQUIRE(end.reports.counts.duplicates == 12);
    REQUIRE(end.reports.counts.indexed == 0);
    REQUIRE((*opened)->duplicate_events() == 12);
    REQUIRE((*opened)->synced_offset() == 12);
}

TEST_CASE("a retry of a chunk whose frame was damaged is taken, not dropped", "[journal][recovery]") {
    two_segments topic;
    auto bytes = topic.whole;
    bytes[topic.frame_ends[0] - 1] ^= 1;
    topic.files.set_contents(topic.last, bytes);
    auto const chunk = static_cast<int>(topic.last_first_offset / 2);
    // Also by a start that reads only headers of it, because there is a newer segment.
    for (int start = 0; start < 2; ++start) {
        auto const opened = journal::open_journal({.folder = folder, .segment_bytes = 400}, world(topic.files));
        REQUIRE(opened);
        topic_end end{**opened};
        if (start == 0) {
            REQUIRE(end.write(chunk_of("app.follow", "large", {std::string(400, 'x')})));
        } else {
            REQUIRE(end.write(chunk_of("app.follow", fmt::format("chunk {}", chunk),
                                       {fmt::format("{{\"n\":{}}}", chunk), "{\"x\":0}"})));
        }
        REQUIRE(end.flush());
        REQUIRE(end.reports.counts.duplicates == 0);
    }
}

TEST_CASE("new events never get an offset that a cursor has passed", "[journal][recovery]") {
    two_segments topic;
    {
        auto const opened = journal::open_journal({.folder = folder}, world(topic.files));
        auto from = (*opened)->make_source("index");
        REQUIRE(from->open());
        progress const all{.safe = {.partition = 0, .offset = 12}, .counts = {.in = 12, .indexed = 12}};
        REQUIRE(from->commit({&all, 1}));
    }
    topic.files.set_contents(topic.last, topic.whole.substr(0, topic.frame_ends[0]));
    auto const opened = journal::open_journal({.folder = folder}, world(topic.files));
    REQUIRE(opened);
    REQUIRE((*opened)->synced_offset() == 12);
    auto from = (*opened)->make_source("index");
    REQUIRE(from->open());
    REQUIRE(from->counted() == event_counts{.in = 12, .indexed = 12});
    auto const status = from->status();
    REQUIRE(test::gauge_of(status, "journal_lag_events") == 0);
}

TEST_CASE("a position beyond the end, kept by a sink, moves the next offset there", "[journal][recovery]") {
    two_segments topic;
    auto const opened = journal::open_journal({.folder = folder}, world(topic.files));
    REQUIRE(opened);
    auto from = (*opened)->make_source("index");
    REQUIRE(from->open());
    position const stored{.partition = 0, .offset = 40};
    REQUIRE(from->seek({&stored, 1}));
    topic_end end{**opened};
    REQUIRE(end.write(loose_events("t", {"{}"})));
    REQUIRE(end.flush());
    batch got;
    REQUIRE(from->read(got, soon()));
    REQUIRE(got.events.size() == 1);
    REQUIRE(got.events[0].offset == 40);
}

TEST_CASE("a disk that cannot be read does not open, and does once it can", "[journal][recovery]") {
    two_segments topic;
    topic.files.fail(file_operation::read, errc::storage_failed, 6);
    auto const failed = journal::open_journal({.folder = folder}, world(topic.files));
    REQUIRE(!failed);
    REQUIRE(failed.error().code == errc::storage_failed);
    REQUIRE(journal::open_journal({.folder = folder}, world(topic.files)));
}
