#include "schema.hpp"

#include "opened_sink.hpp"
#include "store/sqlite.hpp"
#include "support/catch.hpp"
#include "support/reports.hpp"
#include "support/scratch_folder.hpp"
#include "support/store_events.hpp"

#include <fstream>

using namespace logpipe;
using namespace logpipe::store;
using namespace logpipe::test;

TEST_CASE("a store of a newer version is refused, and so is a database of something else", "[sqlite]") {
    scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    reported reports;
    SECTION("newer") {
        {
            open_sink const make{path};
        }
        run(path, "PRAGMA user_version = 4");
        auto const opened = make_sqlite_sink({.path = path})->open(reports);
        REQUIRE(opened.error().code == errc::invalid_argument);
        REQUIRE_THAT(opened.error().message, ContainsSubstring("version 4, made by a newer logpipe"));
        REQUIRE(open_store(path).error().code == errc::invalid_argument);
    }
    SECTION("something else") {
        run(path, "CREATE TABLE mine (a)");
        auto const opened = make_sqlite_sink({.path = path})->open(reports);
        REQUIRE(opened.error().code == errc::invalid_argument);
        REQUIRE_THAT(opened.error().message, ContainsSubstring("not a store of logpipe"));
        REQUIRE(number(path, "SELECT count(*) FROM sqlite_schema") == 1);
    }
    SECTION("no database at all") {
        std::ofstream{path} << std::string(8192, 'x');
        auto const opened = make_sqlite_sink({.path = path})->open(reports);
        REQUIRE(opened.error().code == errc::corrupt);
        REQUIRE_THAT(opened.error().message, ContainsSubstring(path));
    }
    SECTION("no such folder") {
        auto const opened = make_sqlite_sink({.path = folder.path("no/such/store")})->open(reports);
        REQUIRE(opened.error().code == errc::storage_failed);
        REQUIRE_THAT(opened.error().message, ContainsSubstring("no/such/store"));
    }
}

TEST_CASE("without full text there is no such index, and it can be had later, or given up", "[sqlite]") {
    scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    auto const indexes = "SELECT count(*) FROM sqlite_schema WHERE name = 'documents_text'";
    {
        open_sink sink{path, {.path = {}, .full_text = false}};
        sink.store(store_batch(0, 10));
        REQUIRE(sink.to->flush());
        REQUIRE(number(path, indexes) == 0);
        REQUIRE(open_store(path).value()->search("wget", 5).error().code == errc::not_found);
    }
    {
        open_sink sink{path};
        sink.store(store_batch(10, 20));
        REQUIRE(sink.to->flush());
        REQUIRE(number(path, "SELECT count(*) FROM documents_text WHERE documents_text MATCH 'wget'") == 20);
    }
    open_sink sink{path, {.path = {}, .full_text = false}};
    REQUIRE(number(path, indexes) == 0);
    REQUIRE(number(path, "SELECT count(*) FROM documents") == 20);
}
