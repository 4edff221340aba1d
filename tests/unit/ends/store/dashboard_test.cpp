#include "logpipe/dashboard.hpp"

#include "made_store.hpp"
#include "opened_sink.hpp"
#include "schema.hpp"
#include "store/dashboard.hpp"

#include <fmt/format.h>

#include <algorithm>

using namespace logpipe;
using namespace logpipe::store;
using namespace logpipe::test;

TEST_CASE("an overview counts every document of its time, whatever roll-ups it is made of", "[dashboard]") {
    made_store const made{three_days()};
    auto const store = made.open();
    require_figures(overview(*store, everything), made.all);
    auto const first = std::int64_t{29'000'000};
    for (auto const& [from, to] : std::vector<std::pair<std::int64_t, std::int64_t>>{
             {0, 1}, {0, 59}, {7, 61}, {13, 120}, {1, 1'439}, {0, 1'440}, {77, 1'600}, {100, 4'300}, {2'000, 2'001}}) {
        INFO(from << " to " << to);
        auto const within = only(made.all, [&](made_document const& each) {
            auto const minute = each.time_ms / 60'000 - first;
            return minute >= from && minute < to;
        });
        auto view = everything;
        view.from_minute = first + from;
        view.to_minute = first + to;
        require_figures(overview(*store, view), within);
        // Counted from the documents themselves, it is the same.
        view.filters = {{facet::region, "eu"}};
        require_figures(overview(*store, view), within);
    }
}

TEST_CASE("lines come newest first, page by page, to the last one", "[dashboard]") {
    std::vector<made_document> documents;
    for (int i = 0; i < 100; ++i)
        documents.push_back({.time_ms = 60'000, .status = i % 2 == 0 ? 200 : 404, .bytes = i});
    made_store const made{documents};
    auto const store = made.open({.path = {}, .rows_max = 30});
    auto view = everything;
    view.filters = {{facet::status, "404"}};
    std::vector<std::int64_t> rows;
    std::int64_t before = 0;
    do {
        auto const page = store->lines(view, before, 7);
        REQUIRE(page.has_value());
        for (auto const& line : page->lines) rows.push_back(line.row);
        CHECK((before == 0 || page->before < before));
        before = page->before;
    } while (before != 0);
    REQUIRE(rows.size() == 50);
    CHECK(std::ranges::is_sorted(rows, std::greater{}));
    auto const newest = store->lines(view, 0, 1);
    CHECK_THAT(newest->lines.at(0).document, ContainsSubstring(R"("bytes":99,)"));
}

TEST_CASE("values beyond what a span keeps by name are counted together, and leave with their documents",
          "[dashboard]") {
    std::vector<made_document> documents;
    for (int i = 0; i < 2'500; ++i)
        documents.push_back(
            {.time_ms = 60'000, .request = i == 0 ? std::string(2'000, 'x') : fmt::format("GET /{}", i)});
    made_store const made{documents};
    auto const requests = overview(*made.open(), everything).facets.at(facet::request);
    CHECK(requests.distinct == 1'000);
    CHECK(requests.others.documents == 1'500);
    CHECK(requests.others.bytes == 15'000);
    CHECK(requests.missed == 1);

    open_sink sink{made.path, {.path = {}, .rows_max = 1}};
    for (std::uint64_t i = 0; i < 4; ++i) {
        sink.store(batch_of({{.time_ms = 120'000, .request = "last"}}, 5'000 + i));
        REQUIRE(sink.to->flush());
    }
    CHECK(number(made.path, "SELECT count(*) FROM documents") == 1);
    CHECK(number(made.path, "SELECT sum(documents) FROM rollups WHERE span = 1 AND field = 2") == 1);
    CHECK(number(made.path, "SELECT sum(bytes) FROM rollups WHERE span = 1440 AND field = 2") == 10);
    CHECK(number(made.path, "SELECT count(*) FROM minutes") == 1);
    auto const left = overview(*made.open(), everything);
    CHECK(left.total.documents == 1);
}

TEST_CASE("a transaction that fails leaves no counts behind", "[dashboard]") {
    scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    open_sink sink{path, {.path = {}, .file_bytes_max = 200'000}};
    std::vector<made_document> many(3'000, {.time_ms = 60'000});
    auto events = batch_of(many, 1);
    bool const taken = sink.to->write(events).has_value();
    REQUIRE((!taken || !sink.to->flush()));
    auto const store = open_dashboard({.path = path, .documents = nginx_documents()});
    REQUIRE(store.has_value());
    CHECK(overview(**store, everything).total.documents == 0);
    // What fits is counted once.
    open_sink other{path};
    other.store(batch_of({{.time_ms = 60'000}}, 9'000));
    REQUIRE(other.to->flush());
    CHECK(overview(**store, everything).total.documents == 1);
}

TEST_CASE("a store of an older version gets its roll-ups when it is opened for writing", "[dashboard]") {
    made_store const made{three_days()};
    auto const version = GENERATE(1, 2);
    run(made.path, "DROP TABLE rollups; DROP TABLE minutes; PRAGMA user_version = 1");
    if (version == 2)  // its roll-ups had lost what came after the first 2,000 values of a span
        run(made.path,
            "CREATE TABLE rollups (span INTEGER NOT NULL, field INTEGER NOT NULL, start INTEGER NOT NULL, value NOT"
            " NULL, documents INTEGER NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (span, field, start, value))"
            " WITHOUT ROWID;"
            "CREATE TABLE minutes (minute INTEGER PRIMARY KEY, first_row INTEGER NOT NULL, last_row INTEGER NOT NULL);"
            "INSERT INTO rollups VALUES (1, 2, 29000000, 0, 12, 34); INSERT INTO minutes VALUES (29000000, 1, 3000);"
            "PRAGMA user_version = 2");
    auto const failed = open_dashboard({.path = made.path, .documents = nginx_documents()});
    REQUIRE(failed.error().code == errc::invalid_argument);
    CHECK_THAT(failed.error().message, ContainsSubstring(fmt::format("a store of version {}", version)));
    {
        open_sink const sink{made.path};
    }
    require_figures(overview(*made.open(), everything), made.all);
    CHECK(number(made.path, "PRAGMA user_version") == 3);
}

TEST_CASE("positions of before count no dropped events, and get a column for them", "[dashboard]") {
    made_store const made{three_days()};
    run(made.path, "ALTER TABLE positions DROP COLUMN dropped");
    {
        auto const before = open_store(made.path, {});
        REQUIRE(before.has_value());
        auto const summary = (*before)->summary(1);
        REQUIRE(summary.has_value());
        CHECK(summary->counts.dropped == 0);
    }
    {
        open_sink const sink{made.path};
    }
    CHECK(number(made.path, "SELECT coalesce(sum(dropped), 0) FROM positions") == 0);
}

TEST_CASE("an empty store has an empty overview", "[dashboard]") {
    scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    open_sink const sink{path};
    auto const store = open_dashboard({.path = path, .documents = nginx_documents()});
    REQUIRE(store.has_value());
    auto const shown = overview(**store, everything);
    CHECK(shown.total.documents == 0);
    CHECK(shown.bars.empty());
    CHECK((*store)->lines(everything, 0, 10)->lines.empty());
}

TEST_CASE("documents without the known fields count as such", "[dashboard]") {
    scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    open_sink sink{path};
    batch events;
    auto& row = events.append(events.tag_index("a"), store_id(1), 0, R"({"message":"hello"})");
    row.received_ns = 180'000'000'000;
    events.end_offset = 1;
    events.counts.in = 1;
    sink.store(std::move(events));
    REQUIRE(sink.to->flush());
    auto const store = open_dashboard({.path = path, .documents = nginx_documents()});
    auto view = everything;
    auto shown = overview(**store, view);
    CHECK(shown.total.documents == 1);
    CHECK(shown.bars.at(0).classes[0] == 1);
    CHECK(shown.view.from_minute == 3);
    for (auto const& field : shown.facets) CHECK(field.distinct == 0);
    view.filters = {{facet::status, "-"}};
    CHECK(overview(**store, view).total.documents == 1);
}

TEST_CASE("between two requests nothing keeps the write-ahead log from being reset", "[dashboard]") {
    made_store const made{three_days()};
    auto const store = made.open();
    auto writer = reader_of(made.path);
    for (int i = 0; i < 3; ++i) {
        static_cast<void>(overview(*store, everything));
        REQUIRE(store->lines(everything, 0, 5).has_value());
        REQUIRE(writer.run("UPDATE positions SET dead = dead + 1"));
        // 0: no reader was in the way of cutting the file.
        CHECK(writer.integer("PRAGMA wal_checkpoint(TRUNCATE)").value() == 0);
        CHECK(std::filesystem::file_size(made.path + "-wal") == 0);
    }
}

TEST_CASE("a request that takes too long is ended", "[dashboard]") {
    made_store const made{three_days()};
    auto const store = made.open({.path = {}, .time_max = std::chrono::milliseconds{-1}});
    auto view = everything;
    view.filters = {{facet::region, "eu"}};
    auto const shown = store->overview(view);
    REQUIRE(shown.has_error());
    CHECK(shown.error().code == errc::timed_out);
    // And the next one starts from the beginning.
    CHECK(store->overview(view).error().code == errc::timed_out);
}
