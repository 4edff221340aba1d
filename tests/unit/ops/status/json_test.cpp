#include "logpipe/status.hpp"

#include "status/process.hpp"
#include "support/catch.hpp"
#include "support/snapshots.hpp"

#include <cmath>
#include <limits>

using namespace logpipe;
using namespace logpipe::status;

namespace {

std::string with(std::string text, std::string const& part, std::string const& instead) {
    auto const at = text.find(part);
    REQUIRE(at != std::string::npos);
    return text.replace(at, part.size(), instead);
}

std::string problem_of(std::string const& text) {
    auto const parsed = parse_process_snapshot(text);
    REQUIRE_FALSE(parsed.has_value());
    REQUIRE(parsed.error().code == errc::protocol);
    return parsed.error().message;
}

/// What a reader gets: name, value and title.
void require_same(std::vector<metric_value> const& is, std::vector<metric_value> const& was) {
    REQUIRE(is.size() == was.size());
    for (std::size_t i = 0; i < was.size(); ++i) {
        REQUIRE(is[i].name == was[i].name);
        REQUIRE(is[i].title == was[i].title);
        REQUIRE(is[i].value == was[i].value);
    }
}

}  // namespace

TEST_CASE("a snapshot comes back from its JSON as it was", "[status_json]") {
    auto const before = sample_snapshot();
    auto const after = parse_process_snapshot(to_json(before));
    REQUIRE(after.has_value());
    REQUIRE(after->subcommand == before.subcommand);
    REQUIRE(after->version == before.version);
    REQUIRE(after->pid == before.pid);
    REQUIRE(after->started_ns == before.started_ns);
    REQUIRE(after->ready);
    REQUIRE_FALSE(after->draining);
    REQUIRE(after->book.line() == before.book.line());
    REQUIRE(after->pumps.size() == before.pumps.size());
    for (std::size_t p = 0; p < before.pumps.size(); ++p) {
        auto const& was = before.pumps[p];
        auto const& is = after->pumps[p];
        REQUIRE(is.name == was.name);
        REQUIRE(is.finished == was.finished);
        REQUIRE(is.book.line() == was.book.line());
        REQUIRE(is.backlog == was.backlog);
        REQUIRE(is.this_run == was.this_run);
        REQUIRE(is.bytes_in == was.bytes_in);
        REQUIRE(is.bytes_out == was.bytes_out);
        REQUIRE(is.retries == was.retries);
        REQUIRE(is.queued_batches == was.queued_batches);
        REQUIRE(is.queued_batches_max == was.queued_batches_max);
        REQUIRE(is.in_flight_bytes == was.in_flight_bytes);
        REQUIRE(is.in_flight_bytes_max == was.in_flight_bytes_max);
        REQUIRE(is.safe_after == was.safe_after);
        REQUIRE(is.age_when_safe == was.age_when_safe);
        REQUIRE(is.oldest_seconds == was.oldest_seconds);
        REQUIRE(is.stages.size() == was.stages.size());
        for (std::size_t s = 0; s < was.stages.size(); ++s) {
            REQUIRE(is.stages[s].name == was.stages[s].name);
            REQUIRE(is.stages[s].up == was.stages[s].up);
            REQUIRE(is.stages[s].reason == was.stages[s].reason);
            REQUIRE(is.stages[s].retries == was.stages[s].retries);
            REQUIRE(is.stages[s].title == was.stages[s].title);
            REQUIRE(is.stages[s].target == was.stages[s].target);
            REQUIRE(is.stages[s].hint == was.stages[s].hint);
            require_same(is.stages[s].metrics, was.stages[s].metrics);
        }
    }
    REQUIRE(after->warnings.size() == 1);
    REQUIRE(after->warnings[0].message == before.warnings[0].message);
    REQUIRE(after->warnings[0].time_ns == before.warnings[0].time_ns);
    REQUIRE(after->warnings[0].severity == warning_severity::warning);
    REQUIRE(to_json(*after) == to_json(before));
}

TEST_CASE("what is taken and not safe comes back from the JSON, and is 0 where an older process says nothing of it",
          "[status_json]") {
    auto before = sample_snapshot();
    before.book.taken = 40;
    auto text = to_json(before);
    REQUIRE(parse_process_snapshot(text)->book.taken == 40);
    std::string_view const term = R"(,"taken":40)";
    text.erase(text.find(term), term.size());
    REQUIRE(parse_process_snapshot(text)->book.taken == 0);
}

TEST_CASE("the JSON of a snapshot has what people look for in words and whole numbers without decimals",
          "[status_json]") {
    auto const text = to_json(sample_snapshot());
    REQUIRE_THAT(text, ContainsSubstring(R"("all_up":false)"));
    REQUIRE_THAT(text, ContainsSubstring(R"("difference":0)"));
    REQUIRE_THAT(text, ContainsSubstring(R"("backlog":null,)"));
    REQUIRE_THAT(text, ContainsSubstring(R"("backlog":12000,)"));
    REQUIRE_THAT(text, ContainsSubstring(R"("journal_bytes":1500000)"));
    REQUIRE_THAT(text, ContainsSubstring(R"("oldest_seconds":0.25)"));
    REQUIRE_THAT(text, ContainsSubstring(R"("age_when_safe_seconds":{"count":43,"sum":64.5,"p50":1.75,)"));
    REQUIRE(text.back() == '\n');
}

TEST_CASE("words that hold quotes, control characters or bytes that are not UTF-8 make valid JSON", "[status_json]") {
    auto process = sample_snapshot();
    process.pumps.at(1).stages.at(2).reason = "peer said \"no\\\n\x01\"";
    auto after = parse_process_snapshot(to_json(process));
    REQUIRE(after.has_value());
    REQUIRE(after->pumps.at(1).stages.at(2).reason == "peer said \"no\\\n\x01\"");

    process.pumps.at(1).stages.at(2).reason = "tag \xff\xc0";
    after = parse_process_snapshot(to_json(process));
    REQUIRE(after.has_value());
    REQUIRE(after->pumps.at(1).stages.at(2).reason == "tag ??");
}

TEST_CASE("a metric that is not finite is null in JSON, and not a number when it is read", "[status_json]") {
    auto process = sample_snapshot();
    process.pumps.at(0).stages.at(0).metrics = {{gauge("rate", "A rate."), std::numeric_limits<double>::infinity()}};
    auto const text = to_json(process);
    REQUIRE_THAT(text, ContainsSubstring(R"("rate":null)"));
    auto const after = parse_process_snapshot(text);
    REQUIRE(after.has_value());
    REQUIRE(std::isnan(after->pumps.at(0).stages.at(0).metrics.at(0).value));
}

TEST_CASE("a stage's figures are its metrics with a title, in their order", "[status_json]") {
    auto const text = to_json(sample_snapshot());
    REQUIRE_THAT(
        text,
        ContainsSubstring(
            R"("name":"forward_source","title":"Forward protocol","target":"forward://0.0.0.0:24224","up":true,"reason":"","hint":"",)"
            R"("retries":0,"metrics":{"open_connections":3,"messages_total":9},)"
            R"("figures":[{"title":"clients","name":"open_connections","value":3}]})"));
    REQUIRE_THAT(text, ContainsSubstring(R"("hint":"Free some space under /var/lib/logpipe.")"));
    REQUIRE_THAT(text, ContainsSubstring(R"("severity":"warning")"));
}

TEST_CASE("keys that we do not know are left alone", "[status_json]") {
    auto const text = with(to_json(sample_snapshot()), R"({"subcommand")", R"({"new":{"a":[1]},"subcommand")");
    REQUIRE(parse_process_snapshot(text).has_value());
}

TEST_CASE("a status that is not as expected is rejected with the path of the first fault", "[status_json]") {
    auto const good = to_json(sample_snapshot());
    REQUIRE_THAT(problem_of(""), ContainsSubstring("not JSON"));
    REQUIRE_THAT(problem_of("<html>"), ContainsSubstring("not JSON"));
    REQUIRE_THAT(problem_of(good + "x"), ContainsSubstring("not JSON"));
    REQUIRE_THAT(problem_of("[]"), ContainsSubstring("object"));
    REQUIRE_THAT(problem_of("{}"), ContainsSubstring("\"subcommand\""));
    REQUIRE_THAT(problem_of(with(good, R"("pid":4711)", R"("pid":"4711")")), ContainsSubstring("\"pid\""));
    REQUIRE_THAT(problem_of(with(good, R"("ready":true)", R"("ready":1)")), ContainsSubstring("\"ready\""));
    REQUIRE_THAT(problem_of(with(good, R"("in":100)", R"("in":-1)")), ContainsSubstring("\"ledger.in\""));
    REQUIRE_THAT(problem_of(with(good, R"("bytes_in":20000)", R"("bytes_in":1.5)")),
                 ContainsSubstring("\"pumps[0].bytes_in\""));
    REQUIRE_THAT(problem_of(with(good, R"("backlog":12000)", R"("backlog":-1)")),
                 ContainsSubstring("\"pumps[1].backlog\""));
    REQUIRE_THAT(problem_of(with(good, R"("oldest_seconds":0.25,)", "")),
                 ContainsSubstring("\"pumps[1].oldest_seconds\""));
    REQUIRE_THAT(problem_of(with(good, R"("up":false)", R"("up":null)")),
                 ContainsSubstring("\"pumps[1].stages[2].up\""));
    REQUIRE_THAT(problem_of(with(good, R"("buckets":[0,)", R"("buckets":[)")),
                 ContainsSubstring("\"pumps[0].safe_after_seconds.buckets\""));
    REQUIRE_THAT(problem_of(with(good, R"("buckets":[0,)", R"("buckets":[-1,)")),
                 ContainsSubstring("\"pumps[0].safe_after_seconds.buckets\""));
    REQUIRE_THAT(problem_of(with(good, R"("journal_bytes":1500000)", R"("journal_bytes":"x")")),
                 ContainsSubstring("\"pumps[0].stages[1].metrics\""));
    REQUIRE_THAT(problem_of(R"({"subcommand":"run","version":"","pid":1,"started_ns":1,"ready":true,"draining":false,)"
                            R"("ledger":{"in":0,"indexed":0,"duplicates":0,"dead":0,"in_flight":0},"pumps":{}})"),
                 ContainsSubstring("\"pumps\""));
}

TEST_CASE("what a ledger passed over is read again, and is 0 where an older process has no such key", "[status_json]") {
    auto sample = sample_snapshot();
    sample.book.passed = {.tombstones = 3, .gaps = 4, .expired = 5};
    sample.book.counts.in += 12;
    auto const text = to_json(sample);
    REQUIRE_THAT(text,
                 ContainsSubstring(R"("tombstones":3,"gaps":4,"expired":5,"by_runs":0,"by_retries":0,"difference":0)"));
    REQUIRE(parse_process_snapshot(text)->book.passed == sample.book.passed);
    auto const older = parse_process_snapshot(with(text, R"("tombstones":3,"gaps":4,"expired":5,)", ""));
    REQUIRE(older.has_value());
    REQUIRE(older->book.passed == passed_offsets{});
    REQUIRE(!parse_process_snapshot(with(text, R"("gaps":4)", R"("gaps":-4)")).has_value());
}

TEST_CASE("a status cut off at any byte is rejected", "[status_json]") {
    auto const good = to_json(sample_snapshot());
    for (std::size_t bytes = 0; bytes + 2 < good.size(); ++bytes)
        REQUIRE_FALSE(parse_process_snapshot(std::string_view{good}.substr(0, bytes)).has_value());
}

TEST_CASE("deep nesting is rejected instead of followed", "[status_json]") {
    REQUIRE_THAT(problem_of(std::string(100'000, '[')), ContainsSubstring("not JSON"));
}
