#include "exposition.hpp"
#include "logpipe/status.hpp"
#include "process_usage.hpp"
#include "status/process.hpp"

#include <array>

namespace logpipe::status {

namespace {

std::uint64_t as_number(bool value) noexcept {
    return value ? 1 : 0;
}

void add_process(exposition& out, process_snapshot const& process) {
    std::array const about{metric_label{"version", process.version}, metric_label{"subcommand", process.subcommand}};
    out.add("logpipe_build_info", "Always 1; which program this is.", about, std::uint64_t{1});
    out.add("logpipe_ready", "1 when the process does its work.", {}, as_number(process.ready));
    out.add("logpipe_draining", "1 while the process finishes what it holds before it ends.", {},
            as_number(process.draining));
    out.add("logpipe_up", "1 when no stage is down.", {}, as_number(all_up(process)));
    out.add("process_start_time_seconds", "When the process started, since the Unix epoch.", {},
            static_cast<double>(process.started_ns) / 1e9);
    if (auto const usage = read_process_usage()) {
        out.add("process_cpu_seconds_total", "User and system time of all threads.", {}, usage->cpu_seconds);
        out.add("process_resident_memory_bytes", "Memory in RAM.", {}, usage->resident_bytes);
    }
}

void add_term(exposition& out, std::string_view name, std::string_view help, std::vector<metric_label> labels,
              std::string_view term, std::uint64_t value) {
    labels.emplace_back("term", term);
    out.add(name, help, labels, value);
}

/// The ledger is durable: it goes on from where the last process was, and its partitions come and go with their
/// figures, so its terms are gauges, not counters that start at 0 with the process.
void add_ledger(exposition& out, std::string_view name, std::string_view help, std::vector<metric_label> const& labels,
                ledger const& book) {
    add_term(out, name, help, labels, "in", book.counts.in);
    add_term(out, name, help, labels, "indexed", book.counts.indexed);
    add_term(out, name, help, labels, "already_there", book.counts.already_there);
    add_term(out, name, help, labels, "dead", book.counts.dead);
    add_term(out, name, help, labels, "routed", book.counts.routed);
    add_term(out, name, help, labels, "in_flight", book.in_flight);
    add_term(out, name, help, labels, "taken", book.taken);
    add_term(out, name, help, labels, "tombstones", book.passed.tombstones);
    add_term(out, name, help, labels, "gaps", book.passed.gaps);
    add_term(out, name, help, labels, "expired", book.passed.expired);
}

void add_results(exposition& out, std::string_view pump, event_counts const& counts) {
    auto const add = [&](std::string_view result, std::uint64_t value) {
        std::array const labels{metric_label{"pump", pump}, metric_label{"result", result}};
        out.add("logpipe_pump_done_events_total", "Events that are safe, since the process started.", labels, value);
    };
    add("indexed", counts.indexed);
    add("already_there", counts.already_there);
    add("dead", counts.dead);
    add("routed", counts.routed);
}

void add_stage(exposition& out, std::string_view pump, stage_status const& stage) {
    std::array const labels{metric_label{"pump", pump}, metric_label{"stage", stage.name}};
    out.add("logpipe_stage_up", "0 while the stage cannot work; /readyz says why.", labels, as_number(stage.up));
    out.add("logpipe_stage_retries_total", "What the stage had to try again.", labels, stage.retries);
    for (auto const& each : stage.metrics) out.add("logpipe_" + each.name, each.help, labels, each.value);
    for (auto const& [name, value] : stage.gauges) {
        out.add("logpipe_" + name, "Of the stage; docs/reference/metrics.md explains each.", labels, value);
    }
}

void add_pump(exposition& out, pump_snapshot const& pump) {
    std::vector<metric_label> const labels{{"pump", pump.name}};
    out.add("logpipe_pump_finished", "1 when the pump has come to its end.", labels, as_number(pump.finished));
    add_ledger(out, "logpipe_pump_ledger_events", "The pump's ledger, durable across restarts.", labels, pump.book);
    out.add("logpipe_pump_ledger_difference_events", "in minus all other terms: 0.", labels,
            static_cast<double>(pump.book.difference()));
    if (pump.backlog)
        out.add("logpipe_pump_backlog_events", "Events that wait in the source, beside those in flight.", labels,
                *pump.backlog);
    out.add("logpipe_pump_in_events_total", "Events read from the source, since the process started.", labels,
            pump.this_run.in);
    add_results(out, pump.name, pump.this_run);
    out.add("logpipe_pump_in_bytes_total", "Bytes read from the source.", labels, pump.bytes_in);
    out.add("logpipe_pump_out_bytes_total", "Bytes that the sink made safe.", labels, pump.bytes_out);
    out.add("logpipe_pump_retries_total", "Calls of stages that failed and were tried again.", labels, pump.retries);
    out.add("logpipe_pump_queued_batches", "Batches that wait between the stages.", labels, pump.queued_batches);
    out.add("logpipe_pump_queued_batches_max", "The bound of queued_batches.", labels, pump.queued_batches_max);
    out.add("logpipe_pump_in_flight_bytes", "Memory of all that was read and that the sink has not taken.", labels,
            pump.in_flight_bytes);
    out.add("logpipe_pump_in_flight_bytes_max", "The source is not read above it.", labels, pump.in_flight_bytes_max);
    out.add("logpipe_pump_oldest_seconds", "Age of the oldest batch that is not safe yet.", labels,
            pump.oldest_seconds);
    out.add("logpipe_pump_safe_seconds", "From when the pump read an event until it was safe.", labels,
            pump.safe_after);
    out.add("logpipe_pump_event_age_seconds",
            "Age of an event (since the first durable place took it) when it was safe.", labels, pump.age_when_safe);
    for (auto const& stage : pump.stages) add_stage(out, pump.name, stage);
}

}  // namespace

std::string to_prometheus(process_snapshot const& process) {
    exposition out;
    add_process(out, process);
    add_ledger(out, "logpipe_ledger_events", "What became of all events, durable across restarts.", {}, process.book);
    out.add("logpipe_ledger_difference_events", "in minus all other terms: 0.", {},
            static_cast<double>(process.book.difference()));
    for (auto const& pump : process.pumps) add_pump(out, pump);
    // Of no pump: all of them share it.
    if (process.letters) add_stage(out, "", *process.letters);
    return out.text();
}

}  // namespace logpipe::status
