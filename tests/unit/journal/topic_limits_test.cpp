#include "base/log.hpp"
#include "environment.hpp"
#include "journal_support.hpp"
#include "support/catch.hpp"
#include "support/faulty_files.hpp"
#include "topic_folder.hpp"

using namespace logpipe;
using namespace logpipe::test;

namespace {

/// A record of 500 bytes is a frame of about 580, so a segment of 1,000 holds one and a journal of 4,000 six.
struct small_topic {
    explicit small_topic(journal_options options) {
        set_up_log({.level = log_level::off});
        options.folder = "data/topic";
        if (options.segment_bytes > 1000) options.segment_bytes = 1000;
        opened = *topic::open_journal(options, {.files = &files, .now = [this] { return now_ns; }});
        end.emplace(*opened);
    }
    result<> add() {
        auto written = end->write(loose_events("t", {std::string(500, 'x')}));
        return written ? end->flush() : written;
    }
    std::size_t segments() { return topic::list_segments(files, "data/topic")->size(); }
    void commit(source& of, std::uint64_t offset) {
        progress const safe{.safe = {.partition = 0, .offset = offset}, .counts = {}};
        REQUIRE(of.commit({&safe, 1}));
    }

    faulty_files files;
    std::int64_t now_ns = 1;
    std::shared_ptr<journal> opened;
    std::optional<journal_end> end;
};

std::int64_t constexpr second = 1'000'000'000;

}  // namespace

TEST_CASE("limits that cannot work are refused", "[journal]") {
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
    auto const refused = topic.add();
    REQUIRE(!refused);
    REQUIRE(refused.error().code == errc::storage_full);
    REQUIRE_THAT(refused.error().message, ContainsSubstring("limit is 4000"));
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
    // Three that are not read by all, and the empty one that the refused batch began.
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

TEST_CASE("a batch that is larger than the limit goes into an empty journal", "[journal]") {
    small_topic topic{{.segment_bytes = 100, .bytes_max = 100}};
    REQUIRE(topic.add());
    REQUIRE(topic.add().error().code == errc::storage_full);
}

TEST_CASE("at the limit the oldest is dropped where that is wanted, and readers go on behind it", "[journal]") {
    small_topic topic{{.bytes_max = 4000, .when_full = journal_full::drop_oldest}};
    auto from = topic.opened->make_source("g");
    REQUIRE(from->open());
    for (int i = 0; i < 10; ++i) REQUIRE(topic.add());
    batch got;
    REQUIRE(from->read(got, soon()));
    REQUIRE(got.events.front().offset == 4);
    REQUIRE(got.events.back().offset == 9);
    REQUIRE(topic.end->to->status().gauges.back() ==
            std::pair<std::string, double>{"journal_dropped_segments_total", 4});
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
    topic.now_ns += 61 * second;
    REQUIRE(topic.add());
    REQUIRE(topic.segments() == 1);
}

TEST_CASE("segments behind every cursor stay for `keep`", "[journal]") {
    small_topic topic{{.keep = std::chrono::seconds{60}}};
    auto from = topic.opened->make_source("g");
    REQUIRE(from->open());
    for (int i = 0; i < 3; ++i) REQUIRE(topic.add());
    topic.commit(*from, 3);
    from.reset();
    REQUIRE(topic.segments() == 3);
    topic.now_ns += 61 * second;
    REQUIRE(topic.add());
    REQUIRE(topic.segments() == 1);
}

TEST_CASE("a damaged cursor holds everything, for its group begins again", "[journal]") {
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
    auto again = topic.opened->make_source("g");
    REQUIRE(again->open());
    REQUIRE(read_records(*again).size() == 4);
}
