#include "exposition.hpp"
#include "logpipe/status.hpp"
#include "process_usage.hpp"
#include "stage_metrics.hpp"
#include "status/process.hpp"
#include "status/process_metrics.hpp"

#include <array>

namespace logpipe::status {

namespace {

std::uint64_t as_number(bool value) noexcept {
    return value ? 1 : 0;
}

void add_process(exposition& out, process_snapshot const& process) {
    std::array const about{metric_label{"version", process.version}, metric_label{"subcommand", process.subcommand}};
    out.add(metrics::build_info, about, std::uint64_t{1});
    out.add(metrics::ready, {}, as_number(process.ready));
    out.add(metrics::draining, {}, as_number(process.draining));
    out.add(metrics::up, {}, as_number(all_up(process)));
    out.add(metrics::start_time, {}, static_cast<double>(process.started_ns) / 1e9);
    if (auto const usage = read_process_usage()) {
        out.add(metrics::cpu_time, {}, usage->cpu_seconds);
        out.add(metrics::resident_memory, {}, usage->resident_bytes);
    }
}

void add_memory(exposition& out, memory_status const& memory) {
    for (auto const& each : memory.holders)
        out.add(metrics::memory_held, std::array{metric_label{"holder", each.holder}}, each.bytes);
    out.add(metrics::memory_held_max, {}, memory.bytes_max);
    out.add(metrics::memory_waits, {}, memory.waits);
}

/// The ledger is durable: it continues where the last process ended, and its partitions come and go with their
/// figures, so its terms are gauges, not counters that start at 0 with the process.
void add_ledger(exposition& out, served_metric const& what, std::vector<metric_label> const& labels,
                ledger const& book) {
    auto const add = [&](std::string_view term, std::uint64_t value) {
        auto with_term = labels;
        with_term.emplace_back("term", term);
        out.add(what, with_term, value);
    };
    add("in", book.counts.in);
    add("indexed", book.counts.indexed);
    add("duplicates", book.counts.duplicates);
    add("dead", book.counts.dead);
    add("dropped", book.counts.dropped);
    add("routed", book.counts.routed);
    add("in_flight", book.in_flight);
    add("taken", book.taken);
    add("tombstones", book.passed.tombstones);
    add("gaps", book.passed.gaps);
    add("expired", book.passed.expired);
}

void add_results(exposition& out, std::string_view pump, event_counts const& counts) {
    auto const add = [&](std::string_view result, std::uint64_t value) {
        std::array const labels{metric_label{"pump", pump}, metric_label{"result", result}};
        out.add(metrics::pump_done_events, labels, value);
    };
    add("indexed", counts.indexed);
    add("duplicates", counts.duplicates);
    add("dead", counts.dead);
    add("dropped", counts.dropped);
    add("routed", counts.routed);
}

void add_stage(exposition& out, std::string_view pump, stage_status const& stage) {
    std::array const labels{metric_label{"pump", pump}, metric_label{"stage", stage.name}};
    out.add(metrics::stage_up, labels, as_number(stage.up));
    out.add(metrics::stage_retries, labels, stage.retries);
    for (auto const& each : stage.metrics) {
        auto const name = "logpipe_" + each.name;
        std::vector<metric_label> all{labels.begin(), labels.end()};
        if (!each.rule.empty()) all.emplace_back("rule", each.rule);
        out.add({.name = name, .type = name_of(each.type), .help = each.help}, all, each.value);
    }
}

void add_pump(exposition& out, pump_snapshot const& pump) {
    std::vector<metric_label> const labels{{"pump", pump.name}};
    out.add(metrics::pump_finished, labels, as_number(pump.finished));
    add_ledger(out, metrics::pump_ledger, labels, pump.book);
    out.add(metrics::pump_ledger_difference, labels, static_cast<double>(pump.book.difference()));
    if (pump.backlog) out.add(metrics::pump_backlog, labels, *pump.backlog);
    out.add(metrics::pump_in_events, labels, pump.this_run.in);
    add_results(out, pump.name, pump.this_run);
    out.add(metrics::pump_in_bytes, labels, pump.bytes_in);
    out.add(metrics::pump_out_bytes, labels, pump.bytes_out);
    out.add(metrics::pump_retries, labels, pump.retries);
    out.add(metrics::pump_queued_batches, labels, pump.queued_batches);
    out.add(metrics::pump_queued_batches_max, labels, pump.queued_batches_max);
    out.add(metrics::pump_in_flight_bytes, labels, pump.in_flight_bytes);
    out.add(metrics::pump_in_flight_bytes_max, labels, pump.in_flight_bytes_max);
    out.add(metrics::pump_oldest, labels, pump.oldest_seconds);
    out.add(metrics::pump_safe, labels, pump.safe_after);
    out.add(metrics::pump_event_age, labels, pump.age_when_safe);
    for (auto const& stage : pump.stages) add_stage(out, pump.name, stage);
}

}  // namespace

std::string to_prometheus(process_snapshot const& process) {
    exposition out;
    add_process(out, process);
    add_memory(out, process.memory);
    add_ledger(out, metrics::ledger, {}, process.book);
    out.add(metrics::ledger_difference, {}, static_cast<double>(process.book.difference()));
    out.add(metrics::ledger_in, std::array{metric_label{"by", "runs"}}, process.book.by_runs);
    out.add(metrics::ledger_in, std::array{metric_label{"by", "retries"}}, process.book.by_retries);
    for (auto const& pump : process.pumps) add_pump(out, pump);
    // Of no pump: all of them share it.
    if (process.letters) add_stage(out, "", *process.letters);
    return out.text();
}

}  // namespace logpipe::status
