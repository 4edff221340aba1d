#include "status/components.hpp"

#include "core/clock.hpp"

#include "status/process.hpp"
#include "support/catch.hpp"
#include "support/snapshots.hpp"

#include <algorithm>

using namespace logpipe;
using namespace logpipe::kafka;
using namespace logpipe::opensearch;
using namespace logpipe::status;
using namespace std::chrono_literals;

namespace {

component const& find(status_report const& report, std::string_view kind, std::string_view name) {
    auto const found = std::ranges::find_if(
        report.components, [&](component const& each) { return each.kind == kind && each.name == name; });
    REQUIRE(found != report.components.end());
    return *found;
}

probed<page_findings> answer(unsigned status, std::string body) {
    return {.address = "http://there:1", .got = page_findings{.status = status, .body = std::move(body)}, .took = 2ms};
}

/// A topic of two partitions with 100 and 50 messages, and a group that has read 90 and 50 of them.
kafka_findings sample_kafka() {
    std::vector<kafka_partition> const partitions{
        {.partition = 0, .begin = 0, .end = 100, .leader = 1, .replicas = 1, .in_sync = 1},
        {.partition = 1, .begin = 0, .end = 50, .leader = 1, .replicas = 1, .in_sync = 1}};
    kafka_group group{.state = "Stable",
                      .members = {{.id = "m", .client_id = "c", .host = "h", .partitions = {0, 1}}},
                      .positions = {}};
    group.positions = {{.partition = 0,
                        .committed = 90,
                        .counted_from = 0,
                        .counts = {.in = 90, .indexed = 80, .duplicates = 7, .dead = 3}},
                       {.partition = 1, .committed = 50, .counted_from = 10, .counts = {.in = 40, .indexed = 40}}};
    return {.cluster = {.id = "x", .controller = 1, .brokers = {{1, "localhost:9092"}}},
            .hops = {{.topic = "nginx-logs", .group = "consume", .partitions = partitions, .members = group}}};
}

status_report report_of(kafka_findings found) {
    return report_of_kafka({.address = "localhost:9092", .got = std::move(found), .took = 12ms});
}

}  // namespace

TEST_CASE("a process is reported with its stages, and the one that is down makes the whole down", "[components]") {
    auto const report = report_of_process({.address = "127.0.0.1:1", .got = sample_snapshot(), .took = 1ms});
    CHECK(find(report, "process", "run").state == component_state::down);
    CHECK(find(report, "process", "run").reason == "1 stage is down: index/sqlite_sink");
    CHECK(find(report, "process", "run").figure == "93 done, 7 in flight, 3 dead");
    CHECK(find(report, "stage", "index/sqlite_sink").state == component_state::down);
    CHECK_THAT(find(report, "stage", "index/sqlite_sink").reason, ContainsSubstring("the disk is full"));
    CHECK(find(report, "stage", "index/journal_source").figure == "backlog 12,000");
    CHECK(find(report, "stage", "forward/forward_source").figure == "clients 3");
    CHECK(find(report, "stage", "forward/journal_sink").figure == "on disk 1.4 MiB");
    CHECK(find(report, "stage", "index/sqlite_sink").figure == "70 indexed");
    CHECK(state_of(report) == component_state::down);

    auto chosen = sample_snapshot();
    chosen.pumps.back().stages[1].target = "app.follow: combined";
    CHECK(find(report_of_process({.address = "127.0.0.1:1", .got = chosen, .took = 1ms}), "stage", "index/normalize")
              .figure == "app.follow: combined");

    auto two = sample_snapshot();
    two.pumps.front().stages.front().up = false;
    auto const worse = report_of_process({.address = "127.0.0.1:1", .got = two, .took = 1ms});
    CHECK(find(worse, "process", "run").reason == "2 stages are down: forward/forward_source, index/sqlite_sink");
    for (auto& pump : two.pumps)
        for (auto& stage : pump.stages) stage.up = true;
    two.pumps.erase(two.pumps.begin());
    auto const well = report_of_process({.address = "127.0.0.1:1", .got = two, .took = 1ms});
    CHECK(find(well, "process", "run").state == component_state::up);
    CHECK(find(well, "process", "run").figure == "93 done, 7 in flight, 3 dead, backlog 12,000");
}

TEST_CASE("a process that is away is down, and another program in its place leaves it unknown", "[components]") {
    auto const with = [](errc code) {
        return state_of(report_of_process({.address = "127.0.0.1:1", .got = error{code, "why"}, .took = 1ms}));
    };
    CHECK(with(errc::not_connected) == component_state::down);
    CHECK(with(errc::timed_out) == component_state::down);
    CHECK(with(errc::protocol) == component_state::unknown);
    CHECK(state_of({}) == component_state::unknown);
}

TEST_CASE("Kafka's hop has its own account: in from where the counts began, in flight what is not committed",
          "[components]") {
    auto const report = report_of(sample_kafka());
    REQUIRE(report.hops.size() == 1);
    CHECK(report.hops[0].name == "kafka nginx-logs → consume");
    CHECK(report.hops[0].book.line() == "in 140 = indexed 120 + already there 7 + dead 3 + in flight 10");
    CHECK(report.hops[0].book.difference() == 0);
    CHECK(find(report, "group", "consume").figure == "lag 10, 1 member, Stable");
    CHECK(find(report, "topic", "nginx-logs").figure == "2 partitions, 150 messages");
    CHECK(state_of(report) == component_state::up);
}

TEST_CASE("offsets without an event have terms of their own, and what has expired unread is not in flight",
          "[components]") {
    auto found = sample_kafka();
    // 1,000 more offsets in each: tombstones and gaps before the position; after it, what has expired since.
    found.hops[0].partitions->at(0).end = 1'100;
    found.hops[0].members->positions[0].committed = 1'090;
    found.hops[0].members->positions[0].passed = {.tombstones = 400, .gaps = 500, .expired = 100};
    found.hops[0].partitions->at(1) = {
        .partition = 1, .begin = 1'040, .end = 1'050, .leader = 1, .replicas = 1, .in_sync = 1};
    auto const report = report_of(std::move(found));
    CHECK(report.hops[0].book.line() ==
          "in 2140 = indexed 120 + already there 7 + dead 3 + in flight 20 + skipped 900 (400 tombstones, 500 gaps) + "
          "expired 1090");
    CHECK(report.hops[0].book.difference() == 0);
    CHECK(find(report, "group", "consume").figure == "lag 20, 1 member, Stable");
}

TEST_CASE("an event that Kafka's counts lack shows as a difference, and something is down", "[components]") {
    auto found = sample_kafka();
    found.hops[0].members->positions[0].counts.indexed -= 1;
    auto const report = report_of(std::move(found));
    CHECK(report.hops[0].book.difference() == 1);
    CHECK(state_of(report) == component_state::down);
    CHECK_THAT(to_table(report, table_colour::off), ContainsSubstring("is off by 1 events"));
}

TEST_CASE("partitions without a commit are all in flight, and others' commits are left out and reported",
          "[components]") {
    auto found = sample_kafka();
    found.hops[0].members->positions[0].counted_from = -1;
    found.hops[0].members->positions.pop_back();
    auto const report = report_of(std::move(found));
    CHECK(report.hops[0].book.line() == "in 50 = indexed 0 + already there 0 + dead 0 + in flight 50");
    CHECK(report.hops[0].note == "without 1 partition that another program committed");
    CHECK(find(report, "group", "consume").figure == "lag 60, 1 member, Stable");
}

TEST_CASE("a group without members is down while something waits for it", "[components]") {
    auto found = sample_kafka();
    found.hops[0].members->members.clear();
    found.hops[0].members->state = "Empty";
    CHECK(find(report_of(found), "group", "consume").state == component_state::down);
    found.hops[0].partitions->at(0).end = 90;
    CHECK(find(report_of(found), "group", "consume").state == component_state::up);
}

TEST_CASE("Kafka away, a partition without a leader, and a missing topic are distinguished", "[components]") {
    auto const away =
        report_of_kafka({.address = "localhost:9092", .got = error{errc::timed_out, "no broker answers"}, .took = 2s});
    CHECK(find(away, "kafka", "kafka").state == component_state::down);
    CHECK(find(away, "kafka", "kafka").reason == "no broker answers");

    auto leaderless = sample_kafka();
    leaderless.hops[0].partitions->at(1).leader = -1;
    CHECK_THAT(find(report_of(leaderless), "topic", "nginx-logs").reason,
               ContainsSubstring("1 partition without a leader"));

    auto missing = sample_kafka();
    missing.hops[0].partitions = error{errc::not_found, "no such topic"};
    auto const report = report_of(missing);
    CHECK(find(report, "topic", "nginx-logs").state == component_state::down);
    CHECK(report.hops.empty());
}

TEST_CASE("OpenSearch is down when red, and a nearly full disk is reported before it is", "[components]") {
    opensearch_summary found{.version = "2.19.0",
                             .cluster = "c",
                             .status = "yellow",
                             .nodes = 1,
                             .documents = 51'462,
                             .index_bytes = 1,
                             .disk_bytes_free = 50ULL << 30U,
                             .disk_bytes = 100ULL << 30U};
    auto const look = [&] {
        return report_of_opensearch({.address = "http://there:9200", .got = found, .took = 1ms}, "nginx-logs");
    };
    CHECK(look().components[0].state == component_state::up);
    CHECK(look().components[0].figure == "yellow, 51,462 documents in nginx-logs, 50.0 GiB of disk free");
    found.disk_bytes_free = 5ULL << 30U;
    CHECK_THAT(look().components[0].reason, ContainsSubstring("90 % full"));
    CHECK(look().components[0].state == component_state::up);
    found.status = "red";
    CHECK(look().components[0].state == component_state::down);
}

TEST_CASE("Dashboards, Grafana and Loki are known by their own pages", "[components]") {
    auto const dashboards =
        report_of_dashboards(answer(200, R"({"version":{"number":"2.19.0"},"status":{"overall":{"state":"green"}}})"));
    CHECK(dashboards.components[0].state == component_state::up);
    CHECK(dashboards.components[0].version == "2.19.0");
    CHECK(report_of_dashboards(answer(200, R"({"status":{"overall":{"state":"red"}}})")).components[0].state ==
          component_state::down);
    CHECK(report_of_dashboards(answer(401, "")).components[0].state == component_state::unknown);
    CHECK(report_of_dashboards(answer(503, "not ready yet")).components[0].state == component_state::down);
    CHECK(report_of_dashboards(answer(200, "<html>")).components[0].state == component_state::unknown);

    auto const grafana = report_of_grafana(answer(200, R"({"database":"ok","version":"11.0.0","commit":"x"})"));
    CHECK(grafana.components[0].version == "11.0.0");
    CHECK(grafana.components[0].figure == "database ok");
    CHECK(report_of_grafana(answer(503, R"({"database":"failing"})")).components[0].state == component_state::down);
    CHECK(report_of_grafana(answer(200, "[]")).components[0].state == component_state::unknown);

    loki_findings found{
        .ready = {200, "ready\n"},
        .build_info = {200, R"({"version":"3.0.0"})"},
        .metrics = {
            200,
            "loki_distributor_lines_received_total{a=\"b\"} 40\nloki_distributor_lines_received_total{a=\"c\"} 2\n"
            "loki_distributor_lines_received_total_other 7\n"}};
    auto const look = [&] { return report_of_loki({.address = "http://there:3100", .got = found, .took = 1ms}); };
    CHECK(look().components[0].figure == "42 lines received");
    CHECK(look().components[0].version == "3.0.0");
    found.ready = {503, "Ingester not ready: waiting for 15s after being ready"};
    CHECK(look().components[0].state == component_state::down);
    CHECK_THAT(look().components[0].reason, ContainsSubstring("waiting for 15s"));
    found = {.ready = {200, "hello"}, .build_info = {404, ""}, .metrics = {404, ""}};
    CHECK(look().components[0].state == component_state::unknown);
}

TEST_CASE("the table has a line a component, the ledger of each hop, and why what is down is down", "[components]") {
    auto report = report_of(sample_kafka());
    report.add(report_of_dashboards(
        {.address = "http://there:5601", .got = error{errc::not_connected, "Connection refused"}, .took = 1ms}));
    for (auto& row : report.components) row.more = "more";
    CHECK(to_table(report, table_colour::off) ==
          "COMPONENT                     STATE  VERSION  PROBE   WHAT MATTERS                SEE MORE\n"
          "kafka localhost:9092          up              12 ms   1 broker                    more\n"
          "  topic nginx-logs            up                      2 partitions, 150 messages  more\n"
          "  group consume               up                      lag 10, 1 member, Stable    more\n"
          "dashboards http://there:5601  down            1.0 ms                              more\n"
          "\n"
          "LEDGER\n"
          "kafka nginx-logs → consume  in 140 = indexed 120 + already there 7 + dead 3 + in flight 10  difference 0\n"
          "\n"
          "dashboards at http://there:5601 down: Connection refused\n");
}

TEST_CASE("colour is escape sequences around the same words, and no peer's bytes get to the terminal", "[components]") {
    auto report = report_of_process({.address = "127.0.0.1:1", .got = sample_snapshot(), .took = 1ms});
    report.components[0].figure = "a\x1b[2Jb";
    report.processes[0].warnings = {{.time_ns = 1, .severity = warning_severity::error, .message = "c\x1b[3Jd"}};
    auto const plain = to_table(report, table_colour::off);
    CHECK(plain.find('\x1b') == std::string::npos);
    CHECK_THAT(plain, ContainsSubstring("a [2Jb"));
    CHECK_THAT(plain, ContainsSubstring("error c [3Jd"));
    auto coloured = to_table(report, table_colour::on);
    for (auto at = coloured.find('\x1b'); at != std::string::npos; at = coloured.find('\x1b'))
        coloured.erase(at, coloured.find('m', at) - at + 1);
    CHECK(coloured == plain);
}

TEST_CASE("the JSON of a report is documented, and has what the table has", "[components]") {
    auto report = report_of(sample_kafka());
    report.time_ns = 5;
    report.components.resize(1);
    CHECK(
        to_json(report) ==
        R"({"time_ns":5,"state":"up","components":[{"kind":"kafka","name":"kafka","address":"localhost:9092","state":"up","reason":"","hint":"",)"
        R"("version":"","probe_seconds":0.012,"figure":"1 broker","numbers":{"brokers":1},"more":"kcat -b localhost:9092 -L"}],)"
        R"("hops":[{"name":"kafka nginx-logs → consume","in":140,"indexed":120,"duplicates":7,"dead":3,"dropped":0,"routed":0,"in_flight":10,"taken":0,)"
        R"("tombstones":0,"gaps":0,"expired":0,"difference":0,"note":""}],)"
        R"("processes":[]})"
        "\n");
}

TEST_CASE("dead letters get a row, which is up with a note, where the oldest were dropped", "[components]") {
    auto process = sample_snapshot();
    process.letters = stage_status{.name = "dead_letters",
                                   .up = true,
                                   .reason = "the oldest 4 were dropped",
                                   .retries = 0,
                                   .metrics = {{gauge("journal_bytes", "Size.", "on disk"), 1'000'000},
                                               {counter("journal_dropped_events_total", "Dropped."), 4}}};
    auto const back = parse_process_snapshot(to_json(process));
    REQUIRE(back.has_value());
    REQUIRE(back->letters.has_value());
    CHECK(back->letters->metrics.size() == 2);
    auto const report = report_of_process({.address = "127.0.0.1:1", .got = *back, .took = 1ms});
    auto const& row = find(report, "stage", "dead_letters");
    CHECK(row.state == component_state::up);
    CHECK(row.reason == "the oldest 4 were dropped");
    CHECK(row.figure == "on disk 976.6 KiB");
    CHECK_THAT(to_table(report, table_colour::off),
               ContainsSubstring("stage dead_letters: the oldest 4 were dropped") ||
                   ContainsSubstring("note: the oldest 4 were dropped"));
    CHECK_THAT(to_prometheus(process), ContainsSubstring("stage=\"dead_letters\"} 4\n"));

    process.letters->reason.clear();
    auto const quiet = report_of_process({.address = "127.0.0.1:1", .got = process, .took = 1ms});
    CHECK(quiet.components.size() + 1 == report.components.size());
}
