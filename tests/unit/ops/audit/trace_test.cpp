#include "audit/trace.hpp"
#include "audit/audit.hpp"

#include "journal/journal.hpp"
#include "memory_kafka.hpp"
#include "support/catch.hpp"
#include "support/reports.hpp"
#include "support/scratch_folder.hpp"

#include <memory>
#include <utility>

using namespace logpipe;
using namespace logpipe::audit;
using namespace logpipe::kafka;
using test::memory_kafka;

namespace {

event_id numbered(std::uint64_t number) {
    return {.high = 1, .low = number};
}

/// A store that holds an id so many times.
class memory_store final : public audited_endpoint {
  public:
    explicit memory_store(std::map<event_id, int> documents) : documents_{std::move(documents)} {}
    std::string const& name() const override { return name_; }
    endpoint_kind kind() const override { return endpoint_kind::store; }
    result<endpoint_facts> snapshot() override { return endpoint_facts{}; }
    result<> scan(std::function<result<>(sighting const&)> const& /*each*/) override { return {}; }
    result<> trace(trace_search& search) override {
        for (auto const& id : search.ids())
            for (int i = 0; i < documents_[id]; ++i) search.add(id, {.kind = step_kind::stored, .what = "stored"});
        return {};
    }

  private:
    std::map<event_id, int> documents_;
    std::string const name_ = "store";
};

using endpoints = std::vector<std::unique_ptr<audited_endpoint>>;

/// Topic, letters, store; `committed` by the group "index", or no group where it is negative.
struct topic_and_store {
    memory_kafka cluster;
    std::map<event_id, int> documents;
    std::int64_t committed = -1;

    void add(event_id id, std::string value = "a line") { cluster.add("in", kafka_key(id), std::move(value), 1000); }
    void add_letter(event_id id, std::int64_t time_ms) {
        auto made =
            kafka_letter(dead_letter_view{.id = id, .stage = "index", .reason = "bad", .record = "a line"}, time_ms);
        cluster.add("in.dlq", std::move(made.key), std::move(made.value), time_ms, std::move(made.headers));
    }
    void add_tombstone(event_id id, std::int64_t time_ms) {
        cluster.add("in.dlq", kafka_letter_key(id, {}), std::nullopt, time_ms);
    }
    trace_report traced(trace_query const& query) {
        if (committed >= 0)
            cluster.groups["index"] = {
                .state = "Empty", .members = {}, .positions = {{.partition = 0, .committed = committed}}};
        endpoints all;
        all.push_back(
            audit_kafka(cluster, [this] { return result<kafka_admin*>{&cluster}; }, "in", {"consume", "index"}));
        if (cluster.topics.contains("in.dlq"))
            all.push_back(audit_letters("kafka in.dlq", make_kafka_letters(cluster, "in.dlq")));
        all.push_back(std::make_unique<memory_store>(documents));
        auto report = trace(all, query);
        REQUIRE(report.has_value());
        return *std::move(report);
    }
    trace_report traced_id(event_id id) { return traced({.id = id, .text = {}, .events_max = 10, .progress = {}}); }
    trace_report traced_text(std::string text, std::size_t events_max) {
        return traced({.id = {}, .text = std::move(text), .events_max = events_max, .progress = {}});
    }
    trace_state state_of(event_id id) {
        auto const report = traced_id(id);
        REQUIRE(report.events.size() == 1);
        return report.events[0].state;
    }
};

std::vector<std::string> whats(traced_event const& event) {
    std::vector<std::string> all;
    for (auto const& each : event.steps) all.push_back(each.what);
    return all;
}

std::string fact(trace_step const& step, std::string_view name) {
    for (auto const& each : step.facts)
        if (each.name == name) return each.value;
    return {};
}

}  // namespace

TEST_CASE("an event that its group has not passed is waited for, and one that it has passed is lost", "[trace]") {
    topic_and_store all{.cluster = {}, .documents = {}, .committed = 1};
    for (std::uint64_t i = 1; i <= 2; ++i) all.add(numbered(i));
    auto const passed = all.traced_id(numbered(1));
    CHECK(passed.events[0].state == trace_state::lost);
    CHECK(passed.events[0].steps[0].waits.empty());
    CHECK_FALSE(all_at_their_end(passed));
    auto const waiting = all.traced_id(numbered(2));
    CHECK(waiting.events[0].state == trace_state::waiting);
    CHECK(waiting.events[0].steps[0].waits == std::vector<std::string>{"index"});
    CHECK(fact(waiting.events[0].steps[0], "offset") == "1");
    CHECK_FALSE(all_at_their_end(waiting));
}

TEST_CASE("an event of a topic that nobody reads waits for a first reader", "[trace]") {
    topic_and_store all;
    all.add(numbered(1));
    CHECK(all.traced_id(numbered(1)).events[0].steps[0].waits == std::vector<std::string>{"a first reader"});
}

TEST_CASE("an event is stored once, twice, or stored and dead", "[trace]") {
    topic_and_store all{
        .cluster = {}, .documents = {{numbered(1), 1}, {numbered(2), 2}, {numbered(3), 1}}, .committed = 3};
    for (std::uint64_t i = 1; i <= 3; ++i) all.add(numbered(i));
    all.add_letter(numbered(3), 2000);
    CHECK(all.state_of(numbered(1)) == trace_state::stored);
    CHECK(all_at_their_end(all.traced_id(numbered(1))));
    CHECK(all.state_of(numbered(2)) == trace_state::doubled);
    CHECK(all.state_of(numbered(3)) == trace_state::doubled);
    CHECK_FALSE(all_at_their_end(all.traced_id(numbered(3))));
}

TEST_CASE("a dead letter is an end, and so is its purge, but not a retry that came to nothing", "[trace]") {
    topic_and_store all{.cluster = {}, .documents = {}, .committed = 1};
    all.add(numbered(1));
    all.add_letter(numbered(1), 2000);
    CHECK(all.state_of(numbered(1)) == trace_state::dead);
    all.add_tombstone(numbered(1), 2000);
    CHECK(all.state_of(numbered(1)) == trace_state::purged);
    all.add(numbered(1));
    CHECK(all.state_of(numbered(1)) == trace_state::waiting);
    all.committed = 2;
    CHECK(all.state_of(numbered(1)) == trace_state::lost);
    all.add_letter(numbered(1), 3000);
    CHECK(all.state_of(numbered(1)) == trace_state::dead);
}

TEST_CASE("what was retried comes after the dead letter that it was, though it keeps its time", "[trace]") {
    topic_and_store all{.cluster = {}, .documents = {{numbered(1), 1}}, .committed = 2};
    all.add(numbered(1));
    all.add(numbered(1));
    all.add_letter(numbered(1), 2000);
    all.add_tombstone(numbered(1), 2000);
    auto const report = all.traced_id(numbered(1));
    CHECK(whats(report.events[0]) ==
          std::vector<std::string>{"in the topic", "dead letter", "retried or purged", "in the topic", "stored"});
    CHECK(fact(report.events[0].steps[3], "offset") == "1");
}

TEST_CASE("a part of a line finds the events that have it, as it is or escaped, and says how many", "[trace]") {
    topic_and_store all{.cluster = {}, .documents = {}, .committed = 0};
    for (std::uint64_t i = 1; i <= 5; ++i) all.add(numbered(i), "GET /" + std::to_string(i));
    all.add(numbered(6), R"({"log":"say \"so\""})");
    all.add(numbered(2), "GET /2");
    auto const some = all.traced_text("GET", 2);
    CHECK(some.matched == 5);
    REQUIRE(some.events.size() == 2);
    CHECK(some.events[0].line == "GET /1");
    CHECK(some.events[1].steps.size() == 2);
    CHECK(to_text(some).contains("5 events match, 2 of them shown"));
    CHECK(all.traced_text(R"(say "so")", 10).matched == 1);
    CHECK(all.traced_text("POST", 10).events.empty());
    all.add(numbered(7), R"({"a":"b \" c","n":1})");
    CHECK(all.traced_text(R"({"a": "b \" c", "n": 1})", 10).matched == 1);
}

TEST_CASE("what expired is named", "[trace]") {
    topic_and_store all{.cluster = {}, .documents = {}, .committed = 0};
    for (std::uint64_t i = 1; i <= 3; ++i) all.add(numbered(i));
    all.cluster.topics["in"].expired = 2;
    auto const report = all.traced_id(numbered(1));
    CHECK(report.events.empty());
    CHECK(to_text(report) ==
          "not seen: kafka in: partition 0: offsets 0 to 1 have expired\nno such event is to be seen\n");
}

TEST_CASE("an event of a journal is shown with its chunk, segment, offset and epoch, and with who waits", "[trace]") {
    test::scratch_folder const scratch;
    auto const folder = scratch.path("in");
    auto topic = journal::open_journal({.folder = folder});
    REQUIRE(topic.has_value());
    auto const sink = (*topic)->make_sink();
    test::finished_batches reports;
    REQUIRE(sink->open(reports));
    batch events;
    for (std::uint32_t i = 0; i < 3; ++i)
        events.append(events.tag_index("app.web"), event_id{7, 8ULL << 32U}.at(i), 0, "line");
    events.end_offset = 3;
    REQUIRE(sink->write(events));
    REQUIRE(sink->make_safe());
    endpoints all;
    all.push_back(audit_journal(folder));
    auto const report = trace(all, {.id = event_id{7, 8ULL << 32U}.at(2), .text = {}, .events_max = 1, .progress = {}});
    REQUIRE(report.has_value());
    REQUIRE(report->events.size() == 1);
    REQUIRE(report->events[0].steps.size() == 1);
    auto const& step = report->events[0].steps[0];
    CHECK(fact(step, "tag") == "app.web");
    CHECK(fact(step, "chunk") == event_id{7, 8ULL << 32U}.text());
    CHECK(fact(step, "segment") == "00000000000000000000.seg");
    CHECK(fact(step, "offset") == "2");
    CHECK(fact(step, "epoch").size() == 16);
    CHECK(step.time_ns > 0);
    CHECK(step.waits == std::vector<std::string>{"a first reader"});
}
