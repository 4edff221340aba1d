#include "support/prometheus.hpp"

#include "exposition.hpp"
#include "logpipe/status.hpp"
#include "process_usage.hpp"

#include "status/process.hpp"
#include "support/catch.hpp"
#include "support/snapshots.hpp"

#include <array>
#include <limits>

using namespace logpipe;
using namespace logpipe::status;

TEST_CASE("the metrics of a process are valid Prometheus text, line by line", "[prometheus]") {
    prometheus_text const metrics{to_prometheus(sample_snapshot())};
    REQUIRE(metrics.problem().empty());
}

TEST_CASE("a process without pumps has valid metrics", "[prometheus]") {
    prometheus_text const metrics{to_prometheus({})};
    REQUIRE(metrics.problem().empty());
    REQUIRE(metrics.value("logpipe_ready") == "0");
    REQUIRE(metrics.value("logpipe_up") == "1");
}

TEST_CASE("the ledger is one family with a term label, and its difference a metric separate", "[prometheus]") {
    auto process = sample_snapshot();
    process.book.counts.indexed -= 1;
    prometheus_text const metrics{to_prometheus(process)};
    REQUIRE(metrics.value(R"(logpipe_ledger_events{term="in"})") == "100");
    REQUIRE(metrics.value(R"(logpipe_ledger_events{term="indexed"})") == "69");
    REQUIRE(metrics.value(R"(logpipe_ledger_events{term="duplicates"})") == "20");
    REQUIRE(metrics.value(R"(logpipe_ledger_events{term="dead"})") == "3");
    REQUIRE(metrics.value(R"(logpipe_ledger_events{term="in_flight"})") == "7");
    REQUIRE(metrics.value("logpipe_ledger_difference_events") == "1");
    REQUIRE(metrics.value(R"(logpipe_pump_ledger_events{pump="index",term="dead"})") == "3");
    REQUIRE(metrics.value(R"(logpipe_pump_ledger_difference_events{pump="index"})") == "0");
}

TEST_CASE("counters count from the process's start, in base units, and metrics of stages keep name, type and help",
          "[prometheus]") {
    prometheus_text const metrics{to_prometheus(sample_snapshot())};
    REQUIRE(metrics.value(R"(logpipe_pump_in_events_total{pump="index"})") == "50");
    REQUIRE(metrics.value(R"(logpipe_pump_done_events_total{pump="index",result="indexed"})") == "40");
    REQUIRE(metrics.value(R"(logpipe_pump_out_bytes_total{pump="index"})") == "18446744073709551615");
    REQUIRE(metrics.value(R"(logpipe_pump_oldest_seconds{pump="index"})") == "0.25");
    REQUIRE(metrics.value(R"(logpipe_pump_backlog_events{pump="index"})") == "12000");
    REQUIRE(metrics.value(R"(logpipe_pump_backlog_events{pump="forward"})") == "none");
    REQUIRE(metrics.value(R"(logpipe_stage_up{pump="index",stage="sqlite_sink"})") == "0");
    REQUIRE(metrics.value(R"(logpipe_stage_up{pump="index",stage="normalize"})") == "1");
    REQUIRE(metrics.value(R"(logpipe_journal_bytes{pump="forward",stage="journal_sink"})") == "1500000");
    REQUIRE_THAT(to_prometheus(sample_snapshot()),
                 ContainsSubstring("# HELP logpipe_journal_bytes Size of the topic on disk.\n"
                                   "# TYPE logpipe_journal_bytes gauge\n"));
    REQUIRE(metrics.type("logpipe_pump_in_events_total") == "counter");
    REQUIRE(metrics.type("logpipe_ledger_events") == "gauge");
    REQUIRE(metrics.value(R"(logpipe_build_info{version="0.1.0",subcommand="run"})") == "1");
}

TEST_CASE("latencies are histograms: cumulative buckets up to +Inf, a sum and a count", "[prometheus]") {
    prometheus_text const metrics{to_prometheus(sample_snapshot())};
    REQUIRE(metrics.type("logpipe_pump_safe_seconds") == "histogram");
    REQUIRE(metrics.value(R"(logpipe_pump_safe_seconds_bucket{pump="index",le="0.01"})") == "0");
    REQUIRE(metrics.value(R"(logpipe_pump_safe_seconds_bucket{pump="index",le="0.025"})") == "40");
    REQUIRE(metrics.value(R"(logpipe_pump_safe_seconds_bucket{pump="index",le="0.25"})") == "43");
    REQUIRE(metrics.value(R"(logpipe_pump_safe_seconds_bucket{pump="index",le="+Inf"})") == "43");
    REQUIRE(metrics.value(R"(logpipe_pump_safe_seconds_count{pump="index"})") == "43");
    REQUIRE(metrics.value(R"(logpipe_pump_event_age_seconds_sum{pump="index"})") == "64.5");
    REQUIRE(metrics.value(R"(logpipe_pump_safe_seconds_count{pump="forward"})") == "0");
}

TEST_CASE("a process tells its start, its processor time and its memory", "[prometheus]") {
    prometheus_text const metrics{to_prometheus(sample_snapshot())};
    REQUIRE_THAT(metrics.value("process_start_time_seconds"), ContainsSubstring("1769823099.995"));
    REQUIRE(metrics.type("process_cpu_seconds_total") == "counter");
    REQUIRE(std::stod(metrics.value("process_resident_memory_bytes")) > 100'000);
}

TEST_CASE("one metric of several stages is one family, and has the type that its stage gives it", "[prometheus]") {
    auto process = sample_snapshot();
    for (auto& pump : process.pumps)
        for (auto& stage : pump.stages)
            stage.metrics = {{gauge("open_files", "Open."), 1.0}, {counter("seen_total", "Seen."), 2.0}};
    prometheus_text const metrics{to_prometheus(process)};
    REQUIRE(metrics.problem().empty());
    REQUIRE(metrics.value(R"(logpipe_open_files{pump="index",stage="sqlite_sink"})") == "1");
    REQUIRE(metrics.type("logpipe_seen_total") == "counter");
    REQUIRE(metrics.type("logpipe_open_files") == "gauge");
}

TEST_CASE("label values and names with any bytes make valid text", "[prometheus]") {
    auto process = sample_snapshot();
    process.pumps.at(0).name = "a\"b\\c\nd\xff";
    process.pumps.at(0).stages.at(0).metrics = {{gauge("odd name-1", "Odd."), 1.0}};
    prometheus_text const metrics{to_prometheus(process)};
    REQUIRE(metrics.problem().empty());
    REQUIRE(metrics.value(R"(logpipe_pump_finished{pump="a\"b\\c\nd?"})") == "1");
    REQUIRE(metrics.value(R"(logpipe_odd_name_1{pump="a\"b\\c\nd?",stage="forward_source"})") == "1");
}

TEST_CASE("values that are not finite have names", "[prometheus]") {
    exposition out;
    constexpr auto infinity = std::numeric_limits<double>::infinity();
    out.add({.name = "a", .type = "gauge", .help = "A."}, {}, infinity);
    out.add({.name = "b", .type = "gauge", .help = "B."}, {}, -infinity);
    out.add({.name = "c", .type = "gauge", .help = "C."}, {}, std::numeric_limits<double>::quiet_NaN());
    out.add({.name = "d", .type = "gauge", .help = "D."}, {}, 1e300);
    prometheus_text const metrics{out.text()};
    REQUIRE(metrics.problem().empty());
    REQUIRE(metrics.value("a") == "+Inf");
    REQUIRE(metrics.value("b") == "-Inf");
    REQUIRE(metrics.value("c") == "NaN");
    REQUIRE(metrics.value("d") == "1e+300");
}

TEST_CASE("the kernel's line about a process is read past a name with spaces and parentheses", "[process_usage]") {
    std::string const line =
        "7 (a ) b) S 1 7 7 0 -1 4194304 500 0 0 0 150 50 0 0 20 0 4 0 12345 99999999 1234 18446744073709551615 1 1";
    auto const usage = parse_process_stat(line, 100.0, 4096);
    REQUIRE(usage);
    REQUIRE(usage->cpu_seconds == 2.0);
    REQUIRE(usage->resident_bytes == 1234 * 4096);
    REQUIRE_FALSE(parse_process_stat("7 (a) S 1", 100.0, 4096));
    REQUIRE_FALSE(parse_process_stat("", 100.0, 4096));
}
