#include "store/sqlite.hpp"
#include "support/catch.hpp"
#include "support/nginx_documents.hpp"
#include "support/reports.hpp"
#include "support/scratch_folder.hpp"
#include "support/store_events.hpp"

using namespace logpipe;
using namespace logpipe::store;
using test::store_batch;

namespace {

/// A closed store of 100 documents.
struct made_store {
    made_store() {
        test::reported reports;
        auto const sink = make_sqlite_sink({.path = path, .documents = test::nginx_documents()});
        REQUIRE(sink->open(reports));
        REQUIRE(sink->stored("journal a").has_value());
        auto events = store_batch(0, 100);
        REQUIRE(sink->write(events));
        REQUIRE(sink->flush());
    }
    test::scratch_folder folder;
    std::string path = folder.path("store.sqlite");
};

}  // namespace

TEST_CASE("the summary counts by each facet, most first", "[sqlite]") {
    made_store const made;
    auto const store = open_store(made.path, test::nginx_documents());
    REQUIRE(store.has_value());
    auto const all = (*store)->summary(2);
    REQUIRE(all.has_value());
    REQUIRE(all->documents == 100);
    REQUIRE(all->size_sum == 4950);
    REQUIRE(all->facets.at(test::facet::status) ==
            std::vector<std::pair<std::string, std::uint64_t>>{{"200", 50}, {"404", 50}});
    REQUIRE(all->facets.at(test::facet::request) ==
            std::vector<std::pair<std::string, std::uint64_t>>{{"GET /downloads/product_0 HTTP/1.1", 34},
                                                               {"GET /downloads/product_1 HTTP/1.1", 33}});
    REQUIRE(all->counts == event_counts{.in = 100, .indexed = 100, .duplicates = 0, .dead = 0});
}

TEST_CASE("search finds documents by words of the searched texts, newest first", "[sqlite]") {
    made_store const made;
    auto const store = open_store(made.path);
    REQUIRE(store.has_value());
    auto const newest = (*store)->search("product_1 wget", 2);
    REQUIRE(newest.has_value());
    REQUIRE(*newest == std::vector<std::string>{test::store_document(97), test::store_document(94)});
    REQUIRE((*store)->search("agent: \"wget 3\"", 100)->size() == 20);
    REQUIRE((*store)->search("referrer: wget", 100)->empty());
    REQUIRE((*store)->search("nowhere", 100)->empty());
}

TEST_CASE("a query that cannot be parsed is reported as such", "[sqlite]") {
    made_store const made;
    auto const store = open_store(made.path);
    REQUIRE(store.has_value());
    for (auto const* const query : {"\"open", "nosuch: x", "AND", ""}) {
        INFO(query);
        auto const found = (*store)->search(query, 5);
        if (found) {
            CHECK(found->empty());
        } else {
            CHECK(found.error().code == errc::invalid_argument);
        }
    }
    REQUIRE((*store)->search("\"open", 5).error().code == errc::invalid_argument);
    REQUIRE((*store)->search("wget", 5)->size() == 5);
}

TEST_CASE("a store that is not there is not made", "[sqlite]") {
    test::scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    auto const store = open_store(path);
    REQUIRE(store.has_error());
    REQUIRE(store.error().code == errc::not_found);
    REQUIRE_FALSE(std::filesystem::exists(path));
}
