#include "core/log.hpp"
#include "handles.hpp"
#include "store/sqlite.hpp"
#include "store_writer.hpp"
#include "support/catch.hpp"
#include "support/looking.hpp"
#include "support/nginx_documents.hpp"
#include "support/reports.hpp"
#include "support/scratch_folder.hpp"
#include "support/store_events.hpp"

#include <chrono>

using namespace logpipe;
using namespace logpipe::store;
using namespace std::chrono_literals;
using test::store_batch;

namespace {

std::int64_t number(std::string const& path, std::string_view sql) {
    auto store = database::open(path, database_mode::read_only);
    REQUIRE(store.has_value());
    auto const found = store->integer(sql);
    INFO((found ? "" : found.error().message));
    REQUIRE(found.has_value());
    return *found;
}

std::int64_t ago(std::chrono::nanoseconds time) {
    return (std::chrono::system_clock::now().time_since_epoch() - time).count();
}

void put(sink& to, batch events) {
    REQUIRE(to.write(events));
    REQUIRE(to.flush());
}

/// The index agrees with the table, text by text.
void check_full_text(std::string const& path) {
    auto const there = number(path, "SELECT count(*) FROM documents");
    CHECK(number(path, "SELECT count(*) FROM documents_text WHERE documents_text MATCH 'wget'") == there);
    auto writing = database::open(path, database_mode::read_write);
    REQUIRE(writing.has_value());
    CHECK(writing->run("INSERT INTO documents_text (documents_text, rank) VALUES ('integrity-check', 1)"));
}

}  // namespace

TEST_CASE("the newest rows are kept", "[sqlite]") {
    test::scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    test::reported reports;
    auto const sink = make_sqlite_sink({.path = path, .documents = test::nginx_documents(), .rows_max = 100});
    REQUIRE(sink->open(reports));
    for (std::uint64_t i = 0; i < 10; ++i) put(*sink, store_batch(i * 50, i * 50 + 50));
    REQUIRE(number(path, "SELECT count(*) FROM documents") == 100);
    REQUIRE(number(path, "SELECT min(bytes) FROM documents") == 400);
    check_full_text(path);
    REQUIRE(test::gauge_of(sink->status(), "sqlite_removed_documents_total") == 400);
}

TEST_CASE("what was received too long ago leaves, whatever its own time", "[sqlite]") {
    test::scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    test::reported reports;
    {
        auto const sink = make_sqlite_sink({.path = path, .documents = test::nginx_documents()});
        REQUIRE(sink->open(reports));
        put(*sink, store_batch(0, 50, ago(3h)));
        put(*sink, store_batch(50, 60, ago(30min)));
        put(*sink, store_batch(60, 70, ago(3h)));
    }
    auto const sink = make_sqlite_sink({.path = path, .documents = test::nginx_documents(), .age_max = 1h});
    REQUIRE(sink->open(reports));
    put(*sink, store_batch(70, 71, ago(0h)));
    // Removal goes from the oldest row to the first young one, and waits there.
    REQUIRE(number(path, "SELECT count(*) FROM documents") == 21);
    REQUIRE(number(path, "SELECT min(bytes) FROM documents") == 50);
    check_full_text(path);
}

TEST_CASE("a lowered limit is reached a little at a time", "[sqlite]") {
    test::scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    test::reported reports;
    {
        auto const sink = make_sqlite_sink({.path = path, .documents = test::nginx_documents()});
        REQUIRE(sink->open(reports));
        put(*sink, store_batch(0, 2500));
    }
    auto const sink = make_sqlite_sink({.path = path, .documents = test::nginx_documents(), .rows_max = 10});
    REQUIRE(sink->open(reports));
    put(*sink, store_batch(2500, 2501));
    REQUIRE(number(path, "SELECT count(*) FROM documents") == 1501);
    put(*sink, store_batch(2501, 2502));
    REQUIRE(number(path, "SELECT count(*) FROM documents") == 502);
    put(*sink, store_batch(2502, 2503));
    REQUIRE(number(path, "SELECT count(*) FROM documents") == 10);
    check_full_text(path);
}

TEST_CASE("a removed document's id may be stored again", "[sqlite]") {
    test::scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    test::reported reports;
    auto const sink =
        make_sqlite_sink({.path = path, .documents = test::nginx_documents(), .full_text = false, .rows_max = 10});
    REQUIRE(sink->open(reports));
    put(*sink, store_batch(0, 20));
    put(*sink, store_batch(0, 1));
    REQUIRE(reports.counts.indexed == 21);
    REQUIRE(number(path, "SELECT count(*) FROM documents") == 10);
}

TEST_CASE("rows of the future do not keep old ones after them", "[sqlite]") {
    test::scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    test::reported reports;
    auto const future_rows = GENERATE(std::uint64_t{1}, std::uint64_t{2500});
    {
        auto const sink = make_sqlite_sink({.path = path, .documents = test::nginx_documents()});
        REQUIRE(sink->open(reports));
        put(*sink, store_batch(0, future_rows, ago(-1000h)));
        put(*sink, store_batch(3000, 3050, ago(3h)));
        put(*sink, store_batch(3050, 3060, ago(30min)));
    }
    auto const sink = make_sqlite_sink({.path = path, .documents = test::nginx_documents(), .age_max = 1h});
    REQUIRE(sink->open(reports));
    // A few at a time.
    for (std::uint64_t i = 0; i < 8; ++i) put(*sink, store_batch(4000 + i, 4001 + i, ago(0h)));
    REQUIRE(number(path, "SELECT count(*) FROM documents") == 18);
    check_full_text(path);
}

TEST_CASE("rows of the future with nothing old after them stay", "[sqlite]") {
    test::scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    test::reported reports;
    auto const sink = make_sqlite_sink({.path = path, .documents = test::nginx_documents(), .age_max = 1h});
    REQUIRE(sink->open(reports));
    put(*sink, store_batch(0, 5, ago(-1000h)));
    put(*sink, store_batch(5, 6, ago(0h)));
    put(*sink, store_batch(6, 7, ago(0h)));
    REQUIRE(number(path, "SELECT count(*) FROM documents") == 7);
}

TEST_CASE("a clock that jumps forward by more than an hour removes no document for a day", "[sqlite]") {
    set_up_log({.level = log_level::off});
    test::scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    auto wall = std::int64_t{1'700'000'000'000'000'000};
    std::int64_t running = 0;
    auto const opened =
        store_writer::open({.path = path, .documents = test::nginx_documents(), .age_max = 24h}, [] { return false; },
                           {.now = [&] { return wall; }, .running = [&] { return running; }});
    REQUIRE(opened.has_value());
    std::uint64_t next = 0;
    auto const add = [&] {
        auto events = store_batch(next, next + 1, wall);
        ++next;
        REQUIRE((*opened)->insert(events));
        REQUIRE((*opened)->commit("", {}));
        return (*opened)->removed();
    };
    constexpr std::int64_t hour = 3'600'000'000'000;
    REQUIRE(add() == 0);
    wall += 9000 * hour;
    REQUIRE(add() == 0);
    for (int i = 0; i < 23; ++i) {
        wall += hour;
        running += hour;
        REQUIRE(add() == 0);
    }
    REQUIRE((*opened)->clock_jumps() == 1);
    wall += 2 * hour;
    running += 2 * hour;
    REQUIRE(add() == 2);
}
