#include "schema.hpp"

#include "logpipe/dashboard.hpp"
#include "opened_sink.hpp"
#include "store/dashboard.hpp"
#include "store/sqlite.hpp"
#include "support/catch.hpp"
#include "support/reports.hpp"
#include "support/scratch_folder.hpp"
#include "support/store_events.hpp"

#include <fmt/format.h>

#include <fstream>

using namespace logpipe;
using namespace logpipe::store;
using namespace logpipe::test;

TEST_CASE("a store of a newer version is rejected, and so is another kind of database", "[sqlite]") {
    scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    reported reports;
    SECTION("newer") {
        {
            open_sink const make{path};
        }
        run(path, "PRAGMA user_version = 4");
        auto const opened = make_sqlite_sink({.path = path, .documents = nginx_documents()})->open(reports);
        REQUIRE(opened.error().code == errc::invalid_argument);
        REQUIRE_THAT(opened.error().message, ContainsSubstring("version 4, made by a newer logpipe"));
        REQUIRE(open_store(path).error().code == errc::invalid_argument);
    }
    SECTION("something else") {
        run(path, "CREATE TABLE mine (a)");
        auto const opened = make_sqlite_sink({.path = path, .documents = nginx_documents()})->open(reports);
        REQUIRE(opened.error().code == errc::invalid_argument);
        REQUIRE_THAT(opened.error().message, ContainsSubstring("not a store of logpipe"));
        REQUIRE(number(path, "SELECT count(*) FROM sqlite_schema") == 1);
    }
    SECTION("no database at all") {
        std::ofstream{path} << std::string(8192, 'x');
        auto const opened = make_sqlite_sink({.path = path, .documents = nginx_documents()})->open(reports);
        REQUIRE(opened.error().code == errc::corrupt);
        REQUIRE_THAT(opened.error().message, ContainsSubstring(path));
    }
    SECTION("no such folder") {
        auto const opened =
            make_sqlite_sink({.path = folder.path("no/such/store"), .documents = nginx_documents()})->open(reports);
        REQUIRE(opened.error().code == errc::storage_failed);
        REQUIRE_THAT(opened.error().message, ContainsSubstring("no/such/store"));
    }
}

TEST_CASE("without full text the store has no such index, and it can be created later, or removed", "[sqlite]") {
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

namespace {

formats::document_mapping mapping_of(std::string const& toml) {
    auto made = formats::parse_mapping("name = \"m\"\n" + toml, "m.toml");
    INFO((made ? "" : made.error().message));
    REQUIRE(made.has_value());
    return *std::move(made);
}

/// All tables but SQLite's own and the full-text index's, as one text.
std::string tables_of(std::string const& path) {
    auto store = reader_of(path);
    auto selected = store.prepare(
        "SELECT t.name, c.name, c.type, c.\"notnull\", c.pk FROM sqlite_schema t, pragma_table_info(t.name) c"
        " WHERE t.type = 'table' AND t.name NOT LIKE 'documents_text%' ORDER BY t.rowid, c.cid");
    REQUIRE(selected.has_value());
    std::string all;
    while (selected->step() == SQLITE_ROW)
        all += fmt::format("{}.{} {} {}{}\n", selected->text(0), selected->text(1), selected->text(2),
                           selected->text(3), selected->text(4));
    return all;
}

constexpr char const* other_fields =
    "[[field]]\npath = \"level\"\nfrom = \"level\"\n[[field]]\npath = \"deep.er.took\"\ntype = \"long\"\n"
    "[[field]]\npath = \"text\"\n[[field]]\npath = \"at\"\ntype = \"millis\"\n"
    "[store]\ncolumns = [\"took\", \"level\", \"text\"]\nfacets = [\"level\", \"took\"]\nsearch = [\"text\"]\n"
    "time = \"at\"\nsize = \"took\"\n";

batch one_document(std::string_view document, std::uint64_t number) {
    batch events;
    auto& row = events.append(events.tag_index("t"), store_id(number), 0, "{}");
    row.received_ns = 1'700'000'000'000'000'000;
    row.document_bytes = static_cast<std::uint32_t>(document.size());
    events.documents = document;
    events.transformed = true;
    events.end_offset = number;
    events.counts.in = 1;
    return events;
}

}  // namespace

TEST_CASE("the store of nginx's documents has the tables that it always had", "[sqlite]") {
    scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    {
        open_sink const make{path};
    }
    CHECK(tables_of(path) ==
          "documents.row INTEGER 01\ndocuments.id TEXT 10\ndocuments.received_ms INTEGER 10\n"
          "documents.time_ms INTEGER 00\ndocuments.response INTEGER 00\ndocuments.bytes INTEGER 00\n"
          "documents.remote_ip TEXT 00\ndocuments.region TEXT 00\ndocuments.request TEXT 00\n"
          "documents.referrer TEXT 00\ndocuments.agent TEXT 00\ndocuments.doc TEXT 10\n"
          "positions.source TEXT 11\npositions.partition INTEGER 12\npositions.offset INTEGER 10\n"
          "positions.events_in INTEGER 10\npositions.indexed INTEGER 10\npositions.already_there INTEGER 10\n"
          "positions.dead INTEGER 10\npositions.dropped INTEGER 10\n"
          "rollups.span INTEGER 11\nrollups.field INTEGER 12\nrollups.start INTEGER 13\n"
          "rollups.value  14\nrollups.documents INTEGER 10\nrollups.bytes INTEGER 10\nrollups.missed INTEGER 10\n"
          "minutes.minute INTEGER 01\nminutes.first_row INTEGER 10\nminutes.last_row INTEGER 10\n"
          "made_for.description TEXT 10\n");
    auto store = reader_of(path);
    auto texts = store.prepare("SELECT name FROM pragma_table_info('documents_text')");
    std::string names;
    while (texts->step() == SQLITE_ROW) names += texts->text(0) + " ";
    CHECK(names == "request agent referrer ");
}

TEST_CASE("a store is rejected with other fields than it was made for, with a reason", "[sqlite]") {
    scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    reported reports;
    auto const other = mapping_of(other_fields);
    {
        open_sink sink{path};
        sink.store(store_batch(0, 10));
        REQUIRE(sink.to->flush());
    }
    auto const code_of = [&] {
        auto const opened = make_sqlite_sink({.path = path, .documents = other.documents})->open(reports);
        if (opened) return errc{};
        CHECK_THAT(opened.error().message, ContainsSubstring("this store has other fields: give the --mapping"));
        return opened.error().code;
    };
    CHECK(code_of() == errc::invalid_argument);
    CHECK(open_dashboard({.path = path, .documents = other.documents}).error().code == errc::invalid_argument);
    CHECK(open_store(path, other.documents).error().code == errc::invalid_argument);
    SECTION("a file from before remembers nothing: its columns say it") {
        run(path, "DROP TABLE made_for");
        CHECK(code_of() == errc::invalid_argument);
        open_sink sink{path};
        sink.store(store_batch(5, 20));
        REQUIRE(sink.to->flush());
        CHECK(number(path, "SELECT count(*) FROM documents") == 20);
        CHECK(open_dashboard({.path = path, .documents = nginx_documents()}).has_value());
    }
    CHECK(open_store(path).has_value());
    CHECK(open_store(path, nginx_documents()).has_value());
}

TEST_CASE("a schema of one's own has its columns, figures, filters and search", "[sqlite]") {
    scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    auto const mapping = mapping_of(other_fields);
    {
        open_sink sink{path, {.path = {}, .documents = mapping.documents}};
        std::uint64_t number = 1;
        for (auto const* document :
             {R"({"level":"info","deep":{"er":{"took":7},"level":"x"},"text":"Hello there","at":1700000000000})",
              R"({"level":"warn","deep":{"er":{"took":"5"}},"text":"good bye","at":1700000060000})",
              R"({"level":"info","text":7})"})
            sink.store(one_document(document, number++));
        REQUIRE(sink.to->flush());
    }
    CHECK(number(path, "SELECT count(*) FROM documents WHERE took = 7 AND level = 'info'") == 1);
    auto const opened = open_dashboard({.path = path, .documents = mapping.documents});
    REQUIRE(opened.has_value());
    auto const overview_of = [&](std::vector<std::pair<std::size_t, std::string>> filters, std::string search) {
        log_view const view{
            .from_minute = 0, .to_minute = 30'000'000, .filters = std::move(filters), .search = std::move(search)};
        auto shown = (*opened)->overview(view);
        INFO((shown ? "" : shown.error().message));
        REQUIRE(shown.has_value());
        auto const lines = (*opened)->lines(view, 0, 10);
        REQUIRE(lines.has_value());
        CHECK(lines->lines.size() == shown->total.documents);
        return *std::move(shown);
    };
    auto const all = overview_of({}, "");
    CHECK(all.total.documents == 3);
    CHECK(all.total.bytes == 12);
    REQUIRE(all.facets.size() == 2);
    CHECK(all.facets[0].top.at(0).value == "info");
    CHECK(all.facets[0].top.at(0).counts.documents == 2);
    CHECK(all.facets[1].distinct == 2);
    CHECK(all.bars.size() == 2);
    CHECK(overview_of({{0, "info"}}, "").total.documents == 2);
    CHECK(overview_of({{1, "5"}}, "").total.bytes == 5);
    CHECK(overview_of({{1, "5xx"}}, "").total.documents == 0);
    CHECK(overview_of({}, "hel").total.documents == 1);
    CHECK(open_store(path, mapping.documents).value()->summary(9)->size_sum == 12);
    CHECK(open_store(path).value()->summary(9)->facets.empty());
}

TEST_CASE("a store without any column keeps documents, and counts them", "[sqlite]") {
    scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    auto const mapping = mapping_of("[[field]]\npath = \"a\"\n");
    {
        open_sink sink{path, {.path = {}, .documents = mapping.documents}};
        sink.store(store_batch(0, 10));
        REQUIRE(sink.to->flush());
    }
    auto const opened = open_dashboard({.path = path, .documents = mapping.documents});
    REQUIRE(opened.has_value());
    log_view view{.from_minute = 0, .to_minute = 30'000'000, .filters = {}, .search = {}};
    auto const documents = [&] {
        auto const shown = (*opened)->overview(view);
        INFO((shown ? "" : shown.error().message));
        REQUIRE(shown.has_value());
        return shown->total.documents;
    };
    CHECK(documents() == 10);
    view.search = "wget";
    CHECK(documents() == 0);
    CHECK(number(path, "SELECT count(*) FROM sqlite_schema WHERE name = 'documents_text'") == 0);
}
