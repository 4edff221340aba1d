#include "journal/journal.hpp"

#include "journal_support.hpp"
#include "support/catch.hpp"

using namespace logpipe;
using namespace logpipe::journal;
using namespace logpipe::test;

TEST_CASE("what is written and flushed is read back in order, with its ids, times and tags", "[journal]") {
    scratch_folder const folder;
    auto opened = open_journal({.folder = folder.path("nginx-logs")});
    REQUIRE(opened);
    topic_end end{**opened};

    batch events = chunk_of("app.follow", "one", {"{\"a\":1}", "{\"a\":2}"});
    events.append(events.tag_index("fluent.info"), {}, 77, "{\"b\":3}");
    auto const ids = std::vector{events.events[0].id, events.events[1].id};
    REQUIRE(end.write(events));
    REQUIRE(end.reports.batches.empty());
    REQUIRE(end.flush());
    REQUIRE(end.reports.batches.size() == 1);
    REQUIRE(end.reports.batches[0].counts.indexed == 3);
    REQUIRE((*opened)->synced_offset() == 3);

    auto from = (*opened)->make_source("index");
    REQUIRE(from->open());
    batch got;
    REQUIRE(from->read(got, soon()));
    REQUIRE(got.events.size() == 3);
    REQUIRE(got.end_offset == 3);
    REQUIRE(got.origin == "journal nginx-logs");
    REQUIRE(got.events[0].id == ids[0]);
    REQUIRE(got.events[1].id == ids[1]);
    REQUIRE(got.events[2].id);
    REQUIRE(got.events[2].id.low == 2);
    REQUIRE(got.events[2].time_ns == 77);
    REQUIRE(got.events[2].received_ns > 0);
    REQUIRE(got.tags[got.events[2].tag] == "fluent.info");
    REQUIRE(got.record(got.events[1]) == "{\"a\":2}");
    REQUIRE(got.record(got.events[2]) == "{\"b\":3}");
}
