#include "logpipe/dashboard.hpp"

#include "opened_sink.hpp"
#include "schema.hpp"
#include "support/scratch_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

using namespace logpipe;
using namespace logpipe::test;

namespace {

constexpr log_view everything{
    .from_minute = 0, .to_minute = std::numeric_limits<std::int64_t>::max() / 60'000, .filters = {}, .search = {}};

struct made_document {
    std::int64_t time_ms = 0;
    int status = 200;
    std::int64_t bytes = 10;
    std::string ip = "10.0.0.1";
    std::string request = "GET / HTTP/1.1";
    std::string agent = "Wget";
};

batch batch_of(std::vector<made_document> const& documents, std::uint64_t first_id) {
    batch events;
    for (auto const& each : documents) {
        auto& row = events.append(events.tag_index("app.follow"), store_id(first_id++), 0, "{}");
        row.received_ns = each.time_ms * 1'000'000;
        auto const document = fmt::format(
            R"({{"event":{{"remote_ip":"{}","request":"{}","response":{},"bytes":{},"referrer":"-","agent":"{}"}},)"
            R"("fields":{{"region":"eu"}},"time":{}}})",
            each.ip, each.request, each.status, each.bytes, each.agent, each.time_ms);
        row.document_begin = static_cast<std::uint32_t>(events.documents.size());
        row.document_bytes = static_cast<std::uint32_t>(document.size());
        events.documents += document;
    }
    events.transformed = true;
    events.end_offset = first_id;
    events.counts.in = documents.size();
    return events;
}

/// Documents over three days, a few an hour, in no order of time.
std::vector<made_document> three_days() {
    std::vector<made_document> documents;
    for (int i = 0; i < 3'000; ++i) {
        auto const minute = (i * 7'919) % (3 * 1440);
        documents.push_back({.time_ms = (29'000'000LL + minute) * 60'000 + i % 60'000,
                             .status = i % 10 == 0 ? 404 : (i % 25 == 1 ? 500 : 200),
                             .bytes = i,
                             .ip = fmt::format("10.0.{}.{}", i % 3, i % 7),
                             .request = fmt::format("GET /product_{} HTTP/1.1", i % 13),
                             .agent = fmt::format("agent {}", i % 4)});
    }
    return documents;
}

struct made_store {
    explicit made_store(std::vector<made_document> documents, sqlite_sink_options options = {})
        : all{std::move(documents)} {
        open_sink sink{path, std::move(options)};
        sink.store(batch_of(all, 1));
        REQUIRE(sink.to->flush());
    }
    [[nodiscard]] std::unique_ptr<log_dashboard> open(dashboard_options options = {}) const {
        options.path = path;
        auto opened = open_dashboard(std::move(options));
        REQUIRE(opened.has_value());
        return std::move(*opened);
    }
    scratch_folder folder;
    std::string path = folder.path("store.sqlite");
    std::vector<made_document> all;
};

log_overview ask(log_dashboard& store, log_view const& view) {
    auto answer = store.overview(view);
    INFO((answer ? "" : answer.error().message));
    REQUIRE(answer.has_value());
    return std::move(*answer);
}

/// The same figures, worked out from the documents themselves.
void require_figures(log_overview const& answer, std::vector<made_document> const& documents) {
    std::uint64_t bytes = 0;
    std::map<std::string, std::uint64_t> requests;
    std::map<std::string, std::uint64_t> ips;
    std::array<std::uint64_t, 6> classes{};
    for (auto const& each : documents) {
        bytes += static_cast<std::uint64_t>(each.bytes);
        ++requests[each.request];
        ++ips[each.ip];
        ++classes.at(static_cast<std::size_t>(each.status / 100));
    }
    CHECK(answer.total.documents == documents.size());
    CHECK(answer.total.bytes == bytes);
    CHECK(answer.fields.at(static_cast<std::size_t>(log_field::remote_ip)).distinct == ips.size());
    std::array<std::uint64_t, 6> in_bars{};
    std::uint64_t bytes_in_bars = 0;
    for (auto const& bar : answer.bars) {
        CHECK(bar.start_minute % answer.bar_minutes == 0);
        bytes_in_bars += bar.bytes;
        for (std::size_t i = 0; i < in_bars.size(); ++i) in_bars[i] += bar.classes[i];
    }
    CHECK(in_bars == classes);
    CHECK(bytes_in_bars == bytes);
    auto const& top = answer.fields.at(static_cast<std::size_t>(log_field::request)).top;
    REQUIRE(top.size() == std::min<std::size_t>(10, requests.size()));
    for (auto const& each : top) CHECK(each.counts.documents == requests[each.value]);
    CHECK(std::ranges::is_sorted(top, std::greater{}, [](log_value const& each) { return each.counts.documents; }));
}

template <class Keep>
std::vector<made_document> only(std::vector<made_document> const& all, Keep keep) {
    std::vector<made_document> kept;
    std::ranges::copy_if(all, std::back_inserter(kept), keep);
    return kept;
}

}  // namespace

TEST_CASE("an overview counts every document of its time, whatever roll-ups it is made of", "[dashboard]") {
    made_store const made{three_days()};
    auto const store = made.open();
    require_figures(ask(*store, everything), made.all);
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
        require_figures(ask(*store, view), within);
        // Counted from the documents themselves, it is the same.
        view.filters = {{log_field::region, "eu"}};
        require_figures(ask(*store, view), within);
    }
}

TEST_CASE("filters and a search hold together, and count only what they let through", "[dashboard]") {
    bool const full_text = GENERATE(true, false);
    made_store const made{three_days(), {.path = {}, .full_text = full_text}};
    auto const store = made.open();
    auto view = everything;
    view.filters = {{log_field::status, "4xx"}, {log_field::agent, "agent 2"}};
    require_figures(ask(*store, view), only(made.all, [](made_document const& each) {
                        return each.status == 404 && each.agent == "agent 2";
                    }));
    view.filters = {{log_field::status, "500"}};
    view.search = "product_7";
    require_figures(ask(*store, view), only(made.all, [](made_document const& each) {
                        return each.status == 500 && each.request == "GET /product_7 HTTP/1.1";
                    }));
    for (auto const* const status : {"0", "6xx", "x", "-", "404 OR 1=1", "99999999999999999999"}) {
        view.filters = {{log_field::status, status}};
        CHECK(ask(*store, view).total.documents == 0);
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
        CHECK(ask(*store, view).total.documents <= 1);
    }
    view.search = "sure a=b";
    CHECK(ask(*store, view).total.documents == 1);
    view.search = "sure nowhere";
    CHECK(ask(*store, view).total.documents == 0);
    view.search = "   ";
    CHECK(ask(*store, view).total.documents == 1);
}

TEST_CASE("under a filter only the newest rows are looked at, and the answer says how many", "[dashboard]") {
    std::vector<made_document> documents;
    for (int i = 0; i < 1'000; ++i) documents.push_back({.time_ms = 60'000LL * (1 + i / 100), .bytes = i});
    made_store const made{documents};
    auto const store = made.open({.path = {}, .rows_max = 250});
    auto view = everything;
    view.filters = {{log_field::region, "eu"}};
    auto const answer = ask(*store, view);
    CHECK(answer.total.documents == 250);
    CHECK(answer.looked_at == 250);
    CHECK(answer.in_range == 1'000);
    CHECK(answer.total.bytes == (750 + 999) * 250 / 2);
    // An older stretch is looked at from its own end.
    view.to_minute = 4;
    CHECK(ask(*store, view).total.bytes == (50 + 299) * 250 / 2);
    view.to_minute = 2;
    auto const all_of_it = ask(*store, view);
    CHECK(all_of_it.looked_at == 100);
    CHECK(all_of_it.in_range == 100);
}

TEST_CASE("when the time is up no more rows are looked at, but for the least number", "[dashboard]") {
    std::vector<made_document> documents(40'000, {.time_ms = 60'000});
    made_store const made{documents};
    auto view = everything;
    view.filters = {{log_field::region, "eu"}};
    auto const hurried = made.open({.path = {}, .rows_min = 20'000, .time_usual = std::chrono::milliseconds{0}});
    auto const answer = ask(*hurried, view);
    CHECK(answer.looked_at == 32'768);
    CHECK(answer.total.documents == answer.looked_at);
    view.filters = {{log_field::region, "nowhere"}};
    auto const none = hurried->lines(view, 0, 10);
    CHECK(none->lines.empty());
    CHECK(none->before == 40'000 - 32'768 + 1);
    CHECK(hurried->lines(view, none->before, 10)->before == 0);
    auto const patient = made.open({.path = {}, .time_usual = std::chrono::hours{1}});
    CHECK(ask(*patient, view).looked_at == 40'000);
}

TEST_CASE("lines come newest first, page by page, until there are no more", "[dashboard]") {
    std::vector<made_document> documents;
    for (int i = 0; i < 100; ++i)
        documents.push_back({.time_ms = 60'000, .status = i % 2 == 0 ? 200 : 404, .bytes = i});
    made_store const made{documents};
    auto const store = made.open({.path = {}, .rows_max = 30});
    auto view = everything;
    view.filters = {{log_field::status, "404"}};
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
    auto const requests = ask(*made.open(), everything).fields.at(static_cast<std::size_t>(log_field::request));
    CHECK(requests.distinct == 2'000);
    CHECK(requests.others.documents == 500);
    CHECK(requests.others.bytes == 5'000);

    open_sink sink{made.path, {.path = {}, .rows_max = 1}};
    for (std::uint64_t i = 0; i < 4; ++i) {
        sink.store(batch_of({{.time_ms = 120'000, .request = "last"}}, 5'000 + i));
        REQUIRE(sink.to->flush());
    }
    CHECK(number(made.path, "SELECT count(*) FROM documents") == 1);
    CHECK(number(made.path, "SELECT sum(documents) FROM rollups WHERE span = 1 AND field = 2") == 1);
    CHECK(number(made.path, "SELECT sum(bytes) FROM rollups WHERE span = 1440 AND field = 2") == 10);
    CHECK(number(made.path, "SELECT count(*) FROM minutes") == 1);
    auto const left = ask(*made.open(), everything);
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
    auto const store = open_dashboard({.path = path});
    REQUIRE(store.has_value());
    CHECK(ask(**store, everything).total.documents == 0);
    // What fits is counted once.
    open_sink other{path};
    other.store(batch_of({{.time_ms = 60'000}}, 9'000));
    REQUIRE(other.to->flush());
    CHECK(ask(**store, everything).total.documents == 1);
}

TEST_CASE("a store of version 1 gets its roll-ups when it is opened for writing", "[dashboard]") {
    made_store const made{three_days()};
    run(made.path, "DROP TABLE rollups; DROP TABLE minutes; PRAGMA user_version = 1");
    auto const refused = open_dashboard({.path = made.path});
    REQUIRE(refused.error().code == errc::invalid_argument);
    CHECK_THAT(refused.error().message, ContainsSubstring("a store of version 1"));
    {
        open_sink const sink{made.path};
    }
    require_figures(ask(*made.open(), everything), made.all);
    CHECK(number(made.path, "PRAGMA user_version") == 2);
}

TEST_CASE("an empty store has an empty overview", "[dashboard]") {
    scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    open_sink const sink{path};
    auto const store = open_dashboard({.path = path});
    REQUIRE(store.has_value());
    auto const answer = ask(**store, everything);
    CHECK(answer.total.documents == 0);
    CHECK(answer.bars.empty());
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
    auto const store = open_dashboard({.path = path});
    auto view = everything;
    auto answer = ask(**store, view);
    CHECK(answer.total.documents == 1);
    CHECK(answer.bars.at(0).classes[0] == 1);
    CHECK(answer.view.from_minute == 3);
    for (auto const& field : answer.fields) CHECK(field.distinct == 0);
    view.filters = {{log_field::status, "-"}};
    CHECK(ask(**store, view).total.documents == 1);
}

TEST_CASE("between two questions nothing keeps the write-ahead log from being reset", "[dashboard]") {
    made_store const made{three_days()};
    auto const store = made.open();
    auto writer = look(made.path);
    for (int i = 0; i < 3; ++i) {
        static_cast<void>(ask(*store, everything));
        REQUIRE(store->lines(everything, 0, 5).has_value());
        REQUIRE(writer.run("UPDATE positions SET dead = dead + 1"));
        // 0: no reader was in the way of cutting the file.
        CHECK(writer.integer("PRAGMA wal_checkpoint(TRUNCATE)").value() == 0);
        CHECK(std::filesystem::file_size(made.path + "-wal") == 0);
    }
}

TEST_CASE("a question that takes too long is ended", "[dashboard]") {
    made_store const made{three_days()};
    auto const store = made.open({.path = {}, .time_max = std::chrono::milliseconds{-1}});
    auto view = everything;
    view.filters = {{log_field::region, "eu"}};
    auto const answer = store->overview(view);
    REQUIRE(answer.has_error());
    CHECK(answer.error().code == errc::timed_out);
    // And the next one begins anew.
    CHECK(store->overview(view).error().code == errc::timed_out);
}
