// Indices with dates, data streams and aliases, on a real server.
#include "support/catch.hpp"
#include "support/looking.hpp"
#include "support/reports.hpp"
#include "support/store_events.hpp"

#include "core/clock.hpp"
#include "core/log.hpp"
#include "real_server.hpp"

#include <algorithm>

using namespace logpipe;
using namespace logpipe::opensearch;
using namespace logpipe::test;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t day_ns = 86'400'000'000'000;

/// Events that nothing but the receipt tells the time of.
batch received(std::uint64_t begin, std::uint64_t end, std::int64_t time_ns) {
    return store_batch(begin, end, time_ns);
}

/// Writes them and waits. @return what became of all that this sink has been given
event_counts written(sink& to, finished_batches& finished, std::size_t batches, batch events) {
    REQUIRE(to.write(events).has_value());
    REQUIRE(to.flush().has_value());
    auto const all = finished.wait(batches);
    REQUIRE(all.size() == batches);
    return total_of(all);
}

std::string day_of(std::int64_t time_ns) {
    auto text = iso_time(time_ns).substr(0, 10);
    std::ranges::replace(text, '-', '.');
    return text;
}

bool was_logged(std::string_view text) {
    return std::ranges::any_of(recent_notes(), [&](auto const& each) { return each.message.contains(text); });
}

/// All that begins with the name is removed at the end.
struct rolling_index : real_index {
    ~rolling_index() {
        for (auto const* what : {"/_data_stream/{}", "/{}*", "/_index_template/logpipe-{}*"})
            static_cast<void>(
                client.send({.method = "DELETE", .path = fmt::format(fmt::runtime(what), name()), .body = {}}));
    }
    opensearch_sink_options dated() const {
        auto made = options();
        made.index = name() + "-%Y.%m.%d";
        return made;
    }
    bool exists(std::string const& below) {
        auto const found =
            fetch_body(client, {.method = "GET", .path = "/" + name() + below + "/_mapping", .body = {}});
        return found.has_value();
    }
    boost::json::value put(std::string const& path, std::string const& body) {
        return boost::json::parse(fetch_body(client, {.method = "PUT", .path = path, .body = body}).value());
    }
    net::http_client client{std::move(make_targets(real_server()).value().front())};
};

}  // namespace

TEST_CASE("documents of two days are in two indices, and readers see them under one name", "[opensearch][rolling]") {
    rolling_index index;
    finished_batches finished;
    auto const sink = make_opensearch_sink(index.dated());
    REQUIRE(sink->open(finished).has_value());
    auto const today = now_ns();
    CHECK(written(*sink, finished, 1, received(0, 10, today - day_ns)).indexed == 10);
    CHECK(written(*sink, finished, 2, received(10, 30, today)).indexed == 30);
    // The same again: each meets its id, whatever comes beside it.
    CHECK(written(*sink, finished, 3, received(5, 10, today - day_ns)).duplicates == 5);

    auto const admin = make_opensearch_admin(real_server(), formats::nginx_mapping().documents);
    auto const all = index.name() + "-%Y.%m.%d";
    REQUIRE(admin->refresh(all).has_value());
    CHECK(admin->count(all).value() == 30);
    CHECK(admin->count(index.name()).value() == 30);
    CHECK(admin->count(index.name() + "-" + day_of(today - day_ns)).value() == 10);
    std::vector<std::string> ids;
    REQUIRE(admin
                ->scan_ids(all,
                           [&](std::string_view id) -> result<> {
                               ids.emplace_back(id);
                               return {};
                           })
                .has_value());
    std::ranges::sort(ids);
    CHECK(std::ranges::unique(ids).empty());
    CHECK(ids.size() == 30);
    auto const found = admin->find(all, store_id(3).text()).value();
    REQUIRE(found.size() == 1);
    CHECK(found[0].index == index.name() + "-" + day_of(today - day_ns));
    CHECK(admin->summary(all)->documents == 30);
    CHECK(admin->mapping_conflicts(all).value().empty());
    // Tomorrow's is there before it is needed.
    CHECK(comes_true([&] { return index.exists("-" + day_of(today + day_ns)); }));
}

TEST_CASE("an index that is too old is deleted, and what comes for it does not make it again",
          "[opensearch][rolling]") {
    rolling_index index;
    auto const old_day = "-" + day_of(now_ns() - 10 * day_ns);
    {
        finished_batches finished;
        auto const sink = make_opensearch_sink(index.dated());
        REQUIRE(sink->open(finished).has_value());
        CHECK(written(*sink, finished, 1, received(0, 10, now_ns() - 10 * day_ns)).indexed == 10);
    }
    // Its name begins like ours, and it is not.
    index.put("/" + index.name() + "-1999.01.01-kept", "{}");
    REQUIRE(index.exists(old_day));
    finished_batches finished;
    auto options = index.dated();
    options.settings.age_max = 3 * 24h;
    auto const sink = make_opensearch_sink(options);
    REQUIRE(sink->open(finished).has_value());
    CHECK(comes_true([&] { return !index.exists(old_day); }));
    CHECK(written(*sink, finished, 1, received(5, 20, now_ns() - 10 * day_ns)) ==
          event_counts{.in = 15, .dropped = 15});
    CHECK(written(*sink, finished, 2, received(20, 30, now_ns())) ==
          event_counts{.in = 25, .indexed = 10, .dropped = 15});
    CHECK(gauge_of(sink->status(), "expired_events_total") == 15);
    CHECK(comes_true([&] { return gauge_of(sink->status(), "deleted_indices_total") == 1; }));
    CHECK_FALSE(index.exists(old_day));
    CHECK(index.exists("-1999.01.01-kept"));
}

TEST_CASE("a data stream is indexed into, with a word on what a rollover means, unless that is refused",
          "[opensearch][rolling]") {
    rolling_index index;
    auto const admin = make_opensearch_admin(real_server(), formats::nginx_mapping().documents);
    REQUIRE(admin->set_up(index.name(), {.settings = {.data_stream = true}}).has_value());
    index.put("/_data_stream/" + index.name(), "");
    finished_batches finished;
    auto options = index.options();
    auto const timed = [](std::uint64_t begin, std::uint64_t end) {
        batch events;
        for (auto number = begin; number < end; ++number) {
            auto& row = events.append(events.tag_index("app.follow"), store_id(number), 0,
                                      R"({"@timestamp":"2026-11-30T00:00:00Z"})");
            row.received_ns = now_ns();
        }
        events.counts.in = end - begin;
        return events;
    };
    {
        auto const sink = make_opensearch_sink(options);
        REQUIRE(sink->open(finished).has_value());
        CHECK(
            was_logged(index.name() + " is a data stream; an event that comes again after a rollover is stored twice"));
        CHECK(written(*sink, finished, 1, timed(0, 10)).indexed == 10);
        REQUIRE(boost::json::parse(
                    fetch_body(index.client, {.method = "POST", .path = "/" + index.name() + "/_rollover", .body = {}})
                        .value())
                    .at("rolled_over")
                    .as_bool());
        CHECK(written(*sink, finished, 2, timed(10, 30)).indexed == 30);
    }
    // All backing indices are looked at, and of the mapping that of the newest.
    REQUIRE(admin->refresh(index.name()).has_value());
    CHECK(admin->count(index.name()).value() == 30);
    std::size_t ids = 0;
    REQUIRE(admin
                ->scan_ids(index.name(),
                           [&](std::string_view) -> result<> {
                               ++ids;
                               return {};
                           })
                .has_value());
    CHECK(ids == 30);
    CHECK(admin->mapping_conflicts(index.name()).value().empty());
    options.require_rolling = true;
    auto const refused = make_opensearch_sink(options)->open(finished);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == errc::invalid_argument);
}

TEST_CASE("of an alias with a write index the mapping of that one counts", "[opensearch][rolling]") {
    rolling_index index;
    auto const alias = index.name();
    index.put("/" + alias + "-1",
              fmt::format(R"({{"aliases":{{"{}":{{}}}},"mappings":{{"properties":{{"time":{{"type":"keyword"}}}}}}}})",
                          alias));
    auto const mapping = std::string{
        boost::json::serialize(boost::json::parse(opensearch_template("x", formats::nginx_mapping().documents))
                                   .at_pointer("/template/mappings"))};
    index.put("/" + alias + "-2",
              fmt::format(R"({{"aliases":{{"{}":{{"is_write_index":true}}}},"mappings":{}}})", alias, mapping));
    auto const admin = make_opensearch_admin(real_server(), formats::nginx_mapping().documents);
    CHECK(admin->mapping_conflicts(alias).value().empty());
    CHECK_FALSE(admin->mapping_conflicts(alias + "-1").value().empty());
    finished_batches finished;
    auto const sink = make_opensearch_sink(index.options());
    REQUIRE(sink->open(finished).has_value());
    CHECK(was_logged(alias + " is an alias; an event that comes again"));
    CHECK(written(*sink, finished, 1, received(0, 10, now_ns())).indexed == 10);
    CHECK(admin->refresh(alias).has_value());
    CHECK(admin->count(alias + "-2").value() == 10);
}

TEST_CASE("what a set-up would change is shown, and what somebody has set up stays at a start",
          "[opensearch][rolling]") {
    rolling_index index;
    auto const all = index.name() + "-%Y.%m.%d";
    auto const admin = make_opensearch_admin(real_server(), formats::nginx_mapping().documents);
    auto const differences = [&](index_settings settings) {
        return admin->set_up(all, {.settings = std::move(settings), .diff = true}).value();
    };
    CHECK(differences({}).would_change);
    index_settings const wanted{.replicas = 1, .codec = "best_compression", .refresh = "30s"};
    REQUIRE(admin->set_up(all, {.settings = wanted}).has_value());
    CHECK_FALSE(differences(wanted).would_change);
    auto const less = differences({.replicas = 2, .codec = "best_compression", .refresh = "30s"});
    CHECK(less.would_change);
    CHECK(less.lines.front() ==
          fmt::format("index template logpipe-{}-rolling: settings.index.number_of_replicas: 1, would be 2",
                      index.name()));

    finished_batches finished;
    REQUIRE(make_opensearch_sink(index.dated())->open(finished).has_value());
    CHECK_FALSE(differences(wanted).would_change);
    auto options = index.dated();
    options.settings.replicas = 2;
    REQUIRE(make_opensearch_sink(options)->open(finished).has_value());
    CHECK_FALSE(differences(options.settings).would_change);
}

TEST_CASE("an index that has the alias's name does not keep others from being made", "[opensearch][rolling]") {
    rolling_index index;
    index.put("/" + index.name(), "{}");
    finished_batches finished;
    auto const sink = make_opensearch_sink(index.dated());
    REQUIRE(sink->open(finished).has_value());
    CHECK(was_logged("alias " + index.name() + ": not put, an index has that name"));
    CHECK(written(*sink, finished, 1, received(0, 10, now_ns())).indexed == 10);
}

TEST_CASE("named tags have an index each", "[opensearch][rolling]") {
    rolling_index index;
    finished_batches finished;
    auto options = index.options();
    options.index = index.name() + "-{tag}";
    options.tags = {"app.follow"};
    auto const sink = make_opensearch_sink(options);
    REQUIRE(sink->open(finished).has_value());
    auto events = received(0, 10, now_ns());
    auto const other = events.tag_index("another");
    for (auto& row : events.events) row.tag = row.offset < 4 ? other : row.tag;
    CHECK(written(*sink, finished, 1, std::move(events)).indexed == 10);
    auto const admin = make_opensearch_admin(real_server());
    REQUIRE(admin->refresh(options.index).has_value());
    CHECK(admin->count(index.name() + "-app.follow").value() == 6);
    CHECK(admin->count(index.name() + "-other").value() == 4);
}
