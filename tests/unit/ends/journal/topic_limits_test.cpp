#include "core/disk_reserve.hpp"
#include "core/log.hpp"
#include "environment.hpp"
#include "journal_support.hpp"
#include "support/catch.hpp"
#include "support/looking.hpp"
#include "topic_folder.hpp"
#include "world/faulty_files.hpp"

#include <algorithm>
#include <vector>

using namespace logpipe;
using namespace logpipe::journal;
using namespace logpipe::sim;
using namespace logpipe::test;

namespace {

/// A record of 500 bytes is a frame of about 580, so a segment of 1,000 holds one and a journal of 4,000 six.
struct small_topic {
    explicit small_topic(journal_options options) {
        set_up_log({.level = log_level::off});
        options.folder = "data/topic";
        if (options.segment_bytes > 1000) options.segment_bytes = 1000;
        opened = *journal::open_journal(
            options, {.files = &files, .now = [this] { return now_ns; }, .running = [this] { return running_ns; }});
        end.emplace(*opened);
    }
    result<> add() {
        auto written = end->write(loose_events("t", {std::string(500, 'x')}));
        return written ? end->flush() : written;
    }
    std::size_t segments() { return journal::list_segments(files, "data/topic")->size(); }
    void commit(source& of, std::uint64_t offset) {
        progress const safe{.safe = {.partition = 0, .offset = offset}, .counts = {}};
        REQUIRE(of.commit({&safe, 1}));
    }

    faulty_files files;
    void pass(std::int64_t time) {
        now_ns += time;
        running_ns += time;
    }

    std::int64_t now_ns = 1;
    std::int64_t running_ns = 0;
    std::shared_ptr<topic> opened;
    std::optional<topic_end> end;
};

std::int64_t constexpr second = 1'000'000'000;

}  // namespace

TEST_CASE("limits that cannot work are rejected", "[journal]") {
    REQUIRE(open_journal({.folder = ""}).error().code == errc::invalid_argument);
    REQUIRE(open_journal({.folder = "x", .segment_bytes = 2, .bytes_max = 1}).error().code == errc::invalid_argument);
    REQUIRE(open_journal({.folder = "x", .segment_bytes = 0}).error().code == errc::invalid_argument);
}

TEST_CASE("segments are begun by size", "[journal]") {
    small_topic topic{{}};
    for (int i = 0; i < 5; ++i) REQUIRE(topic.add());
    REQUIRE(topic.segments() == 5);
}

TEST_CASE("without a cursor everything stays until the limit, then writing waits", "[journal]") {
    small_topic topic{{.bytes_max = 4000}};
    for (int i = 0; i < 6; ++i) REQUIRE(topic.add());
    auto const failed = topic.add();
    REQUIRE(!failed);
    REQUIRE(failed.error().code == errc::storage_full);
    REQUIRE_THAT(failed.error().message, ContainsSubstring("limit is 4000"));
    REQUIRE(topic.add().error().code == errc::storage_full);
    REQUIRE(topic.opened->synced_offset() == 6);
}

TEST_CASE("what every group has passed makes room", "[journal]") {
    small_topic topic{{.bytes_max = 4000}};
    auto fast = topic.opened->make_source("fast");
    auto slow = topic.opened->make_source("slow");
    REQUIRE(fast->open());
    REQUIRE(slow->open());
    for (int i = 0; i < 6; ++i) REQUIRE(topic.add());
    topic.commit(*fast, 6);
    fast.reset();
    REQUIRE(topic.add().error().code == errc::storage_full);
    topic.commit(*slow, 3);
    slow.reset();
    // Three that are not read by all, and the empty one that the rejected batch began.
    REQUIRE(topic.segments() == 4);
    REQUIRE(topic.add());
}

TEST_CASE("an active segment that alone is over the limit makes room once it is read", "[journal]") {
    small_topic topic{{.segment_bytes = 1000, .bytes_max = 1000}};
    auto from = topic.opened->make_source("g");
    REQUIRE(from->open());
    REQUIRE(topic.add());
    REQUIRE(topic.add().error().code == errc::storage_full);
    topic.commit(*from, 1);
    from.reset();
    REQUIRE(topic.add());
    REQUIRE(topic.segments() == 1);
}

TEST_CASE("at the limit what was written is synced, so that readers can make room", "[journal]") {
    small_topic topic{{.segment_bytes = 1000, .bytes_max = 1000}};
    auto from = topic.opened->make_source("g");
    REQUIRE(from->open());
    REQUIRE(topic.end->write(loose_events("t", {std::string(500, 'x')})));
    // As a pump does it: what fails is offered again and again, without a flush in between.
    auto const failed = topic.end->write(loose_events("t", {std::string(500, 'y')}));
    REQUIRE(failed.error().code == errc::storage_full);
    REQUIRE(read_records(*from).size() == 1);
    topic.commit(*from, 1);
    from.reset();
    REQUIRE(topic.add());
    REQUIRE(topic.end->reports.batches.size() == 2);
}

TEST_CASE("a batch that is larger than the limit goes into an empty journal", "[journal]") {
    small_topic topic{{.segment_bytes = 100, .bytes_max = 100}};
    REQUIRE(topic.add());
    REQUIRE(topic.add().error().code == errc::storage_full);
}

TEST_CASE("at the limit the oldest is dropped where that is wanted, and readers go on after it", "[journal]") {
    small_topic topic{{.bytes_max = 4000, .when_full = journal_full::drop_oldest}};
    auto from = topic.opened->make_source("g");
    REQUIRE(from->open());
    for (int i = 0; i < 10; ++i) REQUIRE(topic.add());
    batch got;
    REQUIRE(from->read(got, soon()));
    REQUIRE(got.events.front().offset == 4);
    REQUIRE(got.events.back().offset == 9);
    REQUIRE(gauge_of(topic.end->to->status(), "journal_dropped_segments_total") == 4);
}

TEST_CASE("a reader keeps what it has open when that is dropped", "[journal]") {
    small_topic topic{{.bytes_max = 4000, .when_full = journal_full::drop_oldest}};
    auto from = topic.opened->make_source("g");
    REQUIRE(from->open());
    REQUIRE(topic.add());
    REQUIRE(read_records(*from).size() == 1);
    for (int i = 0; i < 20; ++i) REQUIRE(topic.add());
    REQUIRE(read_records(*from).size() == 6);
}

TEST_CASE("events older than age_max are dropped when something is written", "[journal]") {
    small_topic topic{{.age_max = std::chrono::seconds{60}}};
    REQUIRE(topic.add());
    REQUIRE(topic.add());
    topic.pass(61 * second);
    REQUIRE(topic.add());
    REQUIRE(topic.segments() == 1);
}

TEST_CASE("segments before every cursor stay for `keep`", "[journal]") {
    small_topic topic{{.keep = std::chrono::seconds{60}}};
    auto from = topic.opened->make_source("g");
    REQUIRE(from->open());
    for (int i = 0; i < 3; ++i) REQUIRE(topic.add());
    topic.commit(*from, 3);
    from.reset();
    REQUIRE(topic.segments() == 3);
    topic.pass(61 * second);
    REQUIRE(topic.add());
    REQUIRE(topic.segments() == 1);
}

TEST_CASE("a damaged cursor keeps everything, for its group restarts with the oldest event", "[journal]") {
    small_topic topic{{}};
    {
        auto from = topic.opened->make_source("g");
        REQUIRE(from->open());
    }
    for (int i = 0; i < 3; ++i) REQUIRE(topic.add());
    topic.files.set_contents("data/topic/cursors/g", "nonsense");
    auto other = topic.opened->make_source("other");
    REQUIRE(other->open());
    topic.commit(*other, 3);
    other.reset();
    REQUIRE(topic.add());
    REQUIRE(topic.segments() == 4);
    auto reopened = topic.opened->make_source("g");
    REQUIRE(reopened->open());
    REQUIRE(read_records(*reopened).size() == 4);
}

TEST_CASE("a full disk stops writing until all groups have passed, which makes room", "[journal]") {
    small_topic topic{{}};
    auto const reserve = [&] { return gauge_of(topic.end->to->status(), "journal_reserve_bytes"); };
    auto from = topic.opened->make_source("g");
    REQUIRE(from->open());
    for (int i = 0; i < 6; ++i) REQUIRE(topic.add());
    REQUIRE(reserve() == disk_reserve::bytes_max);
    topic.files.set_room(0);
    for (int i = 0; i < 2; ++i) REQUIRE(topic.add().error().code == errc::storage_full);
    REQUIRE_THAT(topic.end->to->status().reason, ContainsSubstring("its disk is full"));
    REQUIRE(topic.segments() >= 6);
    topic.commit(*from, 6);
    from.reset();
    REQUIRE(topic.add());
    REQUIRE(topic.segments() == 1);
    REQUIRE(topic.opened->synced_offset() == 7);
}

TEST_CASE("a released reserve is shown until the disk has room for it again", "[journal]") {
    small_topic topic{{}};
    for (int i = 0; i < 2; ++i) REQUIRE(topic.add());
    REQUIRE(release_reserves(topic.files, "data") == disk_reserve::bytes_max);
    REQUIRE(release_reserves(topic.files, "data") == 0);
    topic.files.set_room(0);
    REQUIRE(topic.add().error().code == errc::storage_full);
    auto const status = [&] { return topic.end->to->status(); };
    REQUIRE(topic.end->flush());
    REQUIRE(status().up);
    REQUIRE_THAT(status().reason, ContainsSubstring("reserve"));
    REQUIRE(gauge_of(status(), "journal_reserves_released_total") == 1);
    topic.files.set_room(std::uint64_t{200} << 20U);
    REQUIRE(topic.add());
    REQUIRE(status().reason.empty());
    REQUIRE(topic.files.contents("data/topic/reserve").size() == disk_reserve::bytes_max);
}

TEST_CASE("the limit is at most what the disk has, less what is left to others", "[journal]") {
    faulty_files files;
    set_up_log({.level = log_level::off});
    files.set_space(std::uint64_t{160} << 20U);
    auto const opened = *journal::open_journal({.folder = "data/topic"}, {.files = &files});
    topic_end end{*opened};
    auto const limit = gauge_of(end.to->status(), "journal_limit_bytes");
    REQUIRE(limit > 140 << 20U);
    REQUIRE(limit <= 150 << 20U);
}

TEST_CASE("a topic begins on a full disk where another one has a reserve", "[journal]") {
    small_topic topic{{}};
    REQUIRE(topic.add());
    topic.files.set_room(0);
    auto const other = journal::open_journal({.folder = "data/other"}, {.files = &topic.files});
    REQUIRE(other);
    REQUIRE(topic.files.contents("data/topic/reserve").empty());
}

TEST_CASE("receive times never go back, also across a restart", "[journal]") {
    small_topic topic{{}};
    auto const newest = [&] {
        auto from = topic.opened->make_source("reader");
        REQUIRE(from->open());
        std::int64_t last = 0;
        batch got;
        while (true) {
            got.clear();
            REQUIRE(from->read(got, at_once()));
            if (got.empty()) return last;
            for (auto const& row : got.events) {
                REQUIRE(row.received_ns >= last);
                last = row.received_ns;
            }
        }
    };
    topic.now_ns = 100 * second;
    REQUIRE(topic.add());
    topic.now_ns = 40 * second;
    REQUIRE(topic.add());
    REQUIRE(newest() == 100 * second);
    topic.end.reset();
    topic.opened.reset();
    topic.opened =
        *journal::open_journal({.folder = "data/topic"}, {.files = &topic.files, .now = [&] { return topic.now_ns; }});
    topic.end.emplace(*topic.opened);
    REQUIRE(topic.add());
    REQUIRE(newest() == 100 * second);
    topic.now_ns = 101 * second;
    REQUIRE(topic.add());
    REQUIRE(newest() == 101 * second);
}

TEST_CASE("a clock that jumps forward by more than an hour deletes nothing for a day", "[journal]") {
    small_topic topic{{.age_max = std::chrono::hours{24}}};
    REQUIRE(topic.add());
    topic.now_ns += 1000 * 24 * 3600 * second;
    REQUIRE(topic.add());
    REQUIRE(topic.add());
    REQUIRE(topic.segments() == 3);
    REQUIRE(gauge_of(topic.end->to->status(), "journal_clock_jumps_total") == 1);
    topic.pass(23 * 3600 * second);
    REQUIRE(topic.add());
    REQUIRE(topic.segments() == 4);
    topic.pass(3 * 3600 * second);
    REQUIRE(topic.add());
    REQUIRE(topic.segments() < 4);
}

TEST_CASE("segments without a needed event are freed, the active one included", "[journal]") {
    small_topic topic{{.bytes_max = 8000}};
    for (int i = 0; i < 6; ++i) REQUIRE(topic.add());
    REQUIRE(topic.segments() == 6);
    // One in the middle, half of what comes after it, and the last.
    auto const freed = topic.opened->free(std::vector<offset_range>{{1, 3}, {5, 6}});
    REQUIRE(freed.has_value());
    REQUIRE(*freed > 1'500);
    REQUIRE(topic.segments() == 4);  // 0, 3, 4 and a new one
    REQUIRE(topic.opened->free(std::vector<offset_range>{{4, 6}}).value() > 500);
    REQUIRE(topic.opened->free(std::vector<offset_range>{{0, 6}}).value() > 1'000);
    REQUIRE(topic.segments() == 1);
    REQUIRE(topic.add());
    REQUIRE(topic.opened->synced_offset() == 7);
    // What came since is not in the ranges.
    REQUIRE(topic.opened->free(std::vector<offset_range>{{0, 6}}).value() == 0);
    REQUIRE(topic.segments() == 1);
    // It can be reopened, and goes on after that.
    topic.end.reset();
    topic.opened.reset();
    topic.opened = *journal::open_journal({.folder = "data/topic", .segment_bytes = 1000}, {.files = &topic.files});
    REQUIRE(topic.opened->synced_offset() == 7);
}

TEST_CASE("a journal that is full drops its oldest events, counts them and says so while it is up", "[journal]") {
    small_topic topic{{.bytes_max = 4000, .when_full = journal_full::drop_oldest}};
    for (int i = 0; i < 10; ++i) REQUIRE(topic.add());
    auto const status = topic.end->to->status();
    CHECK(status.up);
    CHECK(status.reason.contains("the oldest 4 events were dropped"));
    CHECK(gauge_of(status, "journal_dropped_events_total") == 4);
}

TEST_CASE("what is too old is dropped while nothing is written", "[journal]") {
    small_topic topic{{.age_max = std::chrono::seconds{10}}};
    REQUIRE(topic.add());
    REQUIRE(topic.add());
    topic.pass(9 * second);
    REQUIRE(topic.opened->tend());
    REQUIRE(topic.segments() == 2);
    topic.pass(2 * second);
    REQUIRE(topic.opened->tend());
    REQUIRE(topic.segments() == 1);
    REQUIRE(topic.opened->synced_offset() == 2);
}
