#include "made_store.hpp"

using namespace logpipe;
using namespace logpipe::store;
using namespace logpipe::test;

TEST_CASE("filters and a search hold together, and count only what they let through", "[dashboard]") {
    bool const full_text = GENERATE(true, false);
    made_store const made{three_days(), {.path = {}, .full_text = full_text}};
    auto const store = made.open();
    auto view = everything;
    view.filters = {{facet::status, "4xx"}, {facet::agent, "agent 2"}};
    require_figures(overview(*store, view), only(made.all, [](made_document const& each) {
                        return each.status == 404 && each.agent == "agent 2";
                    }));
    view.filters = {{facet::status, "500"}};
    view.search = "product_7";
    require_figures(overview(*store, view), only(made.all, [](made_document const& each) {
                        return each.status == 500 && each.request == "GET /product_7 HTTP/1.1";
                    }));
    for (auto const* const status : {"0", "6xx", "x", "-", "404 OR 1=1", "99999999999999999999"}) {
        view.filters = {{facet::status, status}};
        CHECK(overview(*store, view).total.documents == 0);
    }
}

TEST_CASE("whatever is searched for is words, not a language", "[dashboard]") {
    bool const full_text = GENERATE(true, false);
    made_store const made{{{.time_ms = 60'000, .request = "GET /100%_sure?a=b&c='d' HTTP/1.1"}},
                          {.path = {}, .full_text = full_text}};
    auto const store = made.open();
    auto view = everything;
    for (auto const* const search :
         {"\"", "sure\" OR \"", "NOT", "*", "request:GET", "(", "'; DROP TABLE documents; --", "%%%%", "_____________",
          "\\", "^a", "NEAR(a b)", "-", "{a b}:c", "\xff\xfe"}) {
        INFO(search);
        view.search = search;
        CHECK(overview(*store, view).total.documents <= 1);
    }
    view.search = "sure a=b";
    CHECK(overview(*store, view).total.documents == 1);
    view.search = "sure nowhere";
    CHECK(overview(*store, view).total.documents == 0);
    view.search = "   ";
    CHECK(overview(*store, view).total.documents == 1);
}

TEST_CASE("under a filter only the newest rows are read, and the result says how many", "[dashboard]") {
    std::vector<made_document> documents;
    for (int i = 0; i < 1'000; ++i) documents.push_back({.time_ms = 60'000LL * (1 + i / 100), .bytes = i});
    made_store const made{documents};
    auto const store = made.open({.path = {}, .rows_max = 250});
    auto view = everything;
    view.filters = {{facet::region, "eu"}};
    auto const shown = overview(*store, view);
    CHECK(shown.total.documents == 250);
    CHECK(shown.counted == 250);
    CHECK(shown.in_range == 1'000);
    CHECK(shown.total.bytes == (750 + 999) * 250 / 2);
    // An older stretch is read from its end.
    view.to_minute = 4;
    CHECK(overview(*store, view).total.bytes == (50 + 299) * 250 / 2);
    view.to_minute = 2;
    auto const all_of_it = overview(*store, view);
    CHECK(all_of_it.counted == 100);
    CHECK(all_of_it.in_range == 100);
}

TEST_CASE("when the time is up no more rows are read, except the first ones", "[dashboard]") {
    std::vector<made_document> documents(40'000, {.time_ms = 60'000});
    made_store const made{documents};
    auto view = everything;
    view.filters = {{facet::region, "eu"}};
    auto const hurried = made.open({.path = {}, .rows_first = 20'000, .time_usual = std::chrono::milliseconds{0}});
    auto const shown = overview(*hurried, view);
    CHECK(shown.counted == 20'000);
    CHECK(shown.total.documents == shown.counted);
    CHECK(shown.incomplete);
    view.filters = {{facet::region, "nowhere"}};
    auto const none = hurried->lines(view, 0, 10);
    CHECK(none->lines.empty());
    CHECK(none->before == 40'000 - 20'000 + 1);
    CHECK(hurried->lines(view, none->before, 10)->before == 0);
    auto const slow = made.open({.path = {}, .time_usual = std::chrono::hours{1}});
    CHECK(overview(*slow, view).counted == 40'000);
}

TEST_CASE("the same request later counts on from where it was, and takes in what has come since", "[dashboard]") {
    auto documents = three_days();
    auto const newer = std::vector<made_document>(documents.begin() + 2'000, documents.end());
    documents.resize(2'000);
    made_store made{documents};
    auto const store = made.open({.path = {}, .rows_first = 300, .time_usual = std::chrono::milliseconds{0}});
    auto view = everything;
    view.filters = {{facet::status, "404"}};
    auto other = view;
    other.search = "product_7";
    auto const is_404 = [](made_document const& each) { return each.status == 404; };
    for (std::uint64_t counted = 300; counted <= 1'800; counted += 300) {
        auto const shown = overview(*store, view);
        CHECK(shown.counted == counted);
        CHECK(shown.in_range == 2'000);
        CHECK(shown.incomplete);
        static_cast<void>(overview(*store, other));  // another request in between
    }
    auto const whole = overview(*store, view);
    require_figures(whole, only(documents, is_404));
    CHECK_FALSE(whole.incomplete);
    require_figures(overview(*store, view), only(documents, is_404));
    require_figures(overview(*store, other), only(documents, [](made_document const& each) {
                        return each.status == 404 && each.request == "GET /product_7 HTTP/1.1";
                    }));

    open_sink sink{made.path, {}};
    sink.store(batch_of(newer, 10'000));
    REQUIRE(sink.to->flush());
    auto grown = overview(*store, view);
    CHECK(grown.in_range == 3'000);
    CHECK(grown.counted == 2'300);
    while (grown.incomplete) grown = overview(*store, view);
    documents.insert(documents.end(), newer.begin(), newer.end());
    require_figures(grown, only(documents, is_404));
}

TEST_CASE("what was counted is recounted when documents of it were removed", "[dashboard]") {
    made_store made{three_days()};
    auto const store = made.open();
    auto view = everything;
    view.filters = {{facet::region, "eu"}};
    require_figures(overview(*store, view), made.all);
    open_sink sink{made.path, {.path = {}, .rows_max = 2'500}};
    sink.store(batch_of({{.time_ms = 29'000'000LL * 60'000}}, 10'000));
    REQUIRE(sink.to->flush());
    auto left = made.all;
    left.push_back({.time_ms = 29'000'000LL * 60'000});
    left.erase(left.begin(), left.end() - 2'500);
    require_figures(overview(*store, view), left);
}

TEST_CASE("a word is found by its beginning, however many words begin so", "[dashboard]") {
    bool const full_text = GENERATE(true, false);
    std::vector<made_document> documents;
    for (int i = 0; i < 300; ++i)
        documents.push_back(
            {.time_ms = 60'000, .request = fmt::format("GET /many{:03} HTTP/1.1", i), .agent = "Größe"});
    documents.push_back({.time_ms = 60'000, .request = "GET /few-Item_7 HTTP/1.1", .agent = "Few"});
    documents.push_back({.time_ms = 60'000, .request = "GET /few-items HTTP/1.1", .agent = "x"});
    made_store const made{documents, {.path = {}, .full_text = full_text}};
    auto const store = made.open();
    auto view = everything;
    auto const found = [&](std::string search) {
        view.search = std::move(search);
        return overview(*store, view).total.documents;
    };
    CHECK(found("many") == 300);  // more words than are searched by name
    CHECK(found("many29") == 10);
    CHECK(found("MANY299") == 1);
    CHECK(found("few") == 2);
    CHECK(found("few-ite") == 2);  // a phrase whose last word begins so
    CHECK(found("few-items") == 1);
    CHECK(found("item few") == 2);
    CHECK(found("Größ") == 300);  // no ASCII
    CHECK(found("nowhere") == 0);
    CHECK(found("nowhere many") == 0);
    CHECK(found("many fewest") == 0);
}
