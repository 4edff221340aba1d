#include "index_choice.hpp"

#include "support/catch.hpp"

#include "core/clock.hpp"

#include <fmt/format.h>

using namespace logpipe;
using namespace logpipe::opensearch;

namespace {

constexpr std::int64_t hour_ns = 3'600'000'000'000;
constexpr std::int64_t week_ns = 7 * 24 * hour_ns;

std::int64_t at(std::string_view text) {
    return parse_iso_time(text).value();
}

std::string document(std::string_view time) {
    return fmt::format(R"({{"event":{{"request":"GET /"}},"@version":"1","@timestamp":"{}","time":1}})", time);
}

index_choice choice_of(std::string_view pattern, std::int64_t age_max_ns = 0, std::vector<std::string> tags = {}) {
    return index_choice{{.pattern = index_pattern::parse(pattern).value(),
                         .tags = std::move(tags),
                         .window_ns = week_ns,
                         .age_max_ns = age_max_ns}};
}

}  // namespace

TEST_CASE("a document's own time is found wherever a member of it may be", "[index_choice]") {
    auto const time = at("2026-11-30T23:59:59.5Z");
    for (auto const* const text : {
             R"({"a":{"b":1},"@timestamp":"2026-11-30T23:59:59.5Z","time":1})",
             R"({"@timestamp":"2026-11-30T23:59:59.5Z","a":{"b":1}})",
             R"({"a":1,"@timestamp":"2026-12-01T00:59:59.5+01:00","b":{"c":"}"}})",
             R"({ "x" : {"@timestamp":"1999-01-01T00:00:00Z"}, "@timestamp" : "2026-11-30T23:59:59.5Z" , "z":[{}]})",
             R"({"@timestamp":"2026-11-30T23:59:59.5Z","x":{"@timestamp":"1999-01-01T00:00:00Z"}})",
             R"({"a":"\"@timestamp\":\"x\"","@timestamp":"2026-11-30T23:59:59.5Z"})",
         }) {
        CAPTURE(text);
        CHECK(document_time(text) == time);
    }
    for (auto const* const text : {"{}", R"({"x":{"@timestamp":"2026-11-30T23:59:59.5Z"}})", R"({"@timestamp":17})",
                                   R"({"@timestamp":"soon"})", R"({"a":"@timestamp"})", R"({"@timestamp)"}) {
        CAPTURE(text);
        CHECK_FALSE(document_time(text));
    }
}

TEST_CASE("the time that chooses an index is one that a repeat has as well", "[index_choice]") {
    auto const received = at("2026-12-01T00:00:01.123456789Z");
    auto const entry = at("2026-11-30T23:59:58Z");
    auto const own = document("2026-11-30T23:59:50.000Z");
    auto const by_receipt = document(exact_iso_time(received));
    event row{.time_ns = entry, .received_ns = received};

    CHECK(repeated_time(row, own, week_ns, received) == at("2026-11-30T23:59:50Z"));
    CHECK(repeated_time(row, by_receipt, week_ns, received) == entry);
    CHECK(repeated_time({.received_ns = received}, by_receipt, week_ns, received) == received);

    // A wrong clock's times do not count.
    CHECK(repeated_time(row, document("2015-05-17T08:05:32Z"), week_ns, received) == entry);
    row.time_ns = at("2015-05-17T08:05:32Z");
    CHECK(repeated_time(row, document("2999-05-17T08:05:32Z"), week_ns, received) == received);
    CHECK(repeated_time(row, own, 0, received) == received);
}

TEST_CASE("what nothing durable has taken has the entry's time before the document's", "[index_choice]") {
    auto const now = at("2026-12-01T00:00:01Z");
    auto const own = document("2026-11-30T12:00:00Z");
    CHECK(repeated_time({.time_ns = now - hour_ns}, own, week_ns, now) == now - hour_ns);
    CHECK(repeated_time({}, own, week_ns, now) == at("2026-11-30T12:00:00Z"));
    CHECK(repeated_time({}, "{}", week_ns, now) == now);
}

TEST_CASE("a resend to another forwarder after midnight belongs to the same index", "[index_choice]") {
    auto days = choice_of("n-%Y.%m.%d");
    auto const entry = at("2026-11-30T23:59:59Z");
    auto const first = at("2026-11-30T23:59:59.9Z");
    auto const again = at("2026-12-01T00:00:40Z");
    auto const* const before =
        days.of({.time_ns = entry, .received_ns = first}, "app", document(exact_iso_time(first)), again);
    auto const* const after =
        days.of({.time_ns = entry, .received_ns = again}, "app", document(exact_iso_time(again)), again);
    REQUIRE(before != nullptr);
    CHECK(*before == "n-2026.11.30");
    CHECK(before == after);
    CHECK(*days.of({.time_ns = again, .received_ns = again}, "app", document(exact_iso_time(again)), again) ==
          "n-2026.12.01");
}

TEST_CASE("tags that are named have an index each, and the others share one", "[index_choice]") {
    auto tags = choice_of("n-{tag}-%Y", 0, {"App.Follow"});
    auto const time = at("2026-11-30T12:00:00Z");
    CHECK(*tags.of({.received_ns = time}, "App.Follow", "{}", time) == "n-app.follow-2026");
    CHECK(*tags.of({.received_ns = time}, "another", "{}", time) == "n-other-2026");
    CHECK(*choice_of("n-{tag}", 0, {"a"}).of({.received_ns = time}, "a", "{}", time) == "n-a");
}

TEST_CASE("a document expires when its whole index is too old", "[index_choice]") {
    auto days = choice_of("n-%Y.%m.%d", 2 * 24 * hour_ns);
    event const row{.received_ns = at("2026-11-28T00:00:00Z")};
    CHECK(days.of(row, "app", "{}", at("2026-11-30T23:59:59Z")) != nullptr);
    CHECK(days.of(row, "app", "{}", at("2026-12-01T00:00:00Z")) == nullptr);
    CHECK(days.of(row, "app", "{}", at("2026-12-09T00:00:00Z")) == nullptr);
    CHECK(days.of({.received_ns = at("2026-11-29T00:00:00Z")}, "app", "{}", at("2026-12-01T00:00:00Z")) != nullptr);
}
