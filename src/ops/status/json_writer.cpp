#include "core/json_writer.hpp"
#include "logpipe/status.hpp"
#include "stage_metrics.hpp"

// The keys are read again in json_reader.cpp and are documented in docs/reference/http-api.yaml: both change together.

namespace logpipe::status {

namespace {

void add_counts(json_object& object, event_counts const& counts) {
    object.add("in", counts.in);
    object.add("indexed", counts.indexed);
    object.add("duplicates", counts.duplicates);
    object.add("dead", counts.dead);
    object.add("dropped", counts.dropped);
    object.add("routed", counts.routed);
}

void write_counts(json_object&& object, event_counts const& counts) {
    add_counts(object, counts);
}

void write_ledger(json_object&& object, ledger const& book) {
    add_counts(object, book.counts);
    object.add("in_flight", book.in_flight);
    object.add("taken", book.taken);
    object.add("tombstones", book.passed.tombstones);
    object.add("gaps", book.passed.gaps);
    object.add("expired", book.passed.expired);
    object.add("by_runs", book.by_runs);
    object.add("by_retries", book.by_retries);
    object.add("difference", book.difference());
}

void write_metrics(json_object&& object, std::vector<metric_value> const& metrics) {
    for (auto const& each : metrics)
        object.add(each.rule.empty() ? each.name : fmt::format("{}{{rule={}}}", each.name, each.rule), each.value);
}

void write_figure(json_object&& object, metric_value const& figure) {
    object.add("title", figure.title);
    object.add("name", figure.name);
    object.add("value", figure.value);
}

void write_stage(json_object&& object, stage_status const& stage) {
    object.add("name", stage.name);
    object.add("title", stage.title);
    object.add("target", stage.target);
    object.add("up", stage.up);
    object.add("reason", stage.reason);
    object.add("hint", stage.hint);
    object.add("retries", stage.retries);
    auto const& metrics = stage.metrics;
    write_metrics(object.object("metrics"), metrics);
    object.array("figures", figures_of(metrics), write_figure);
}

void write_latency(json_object&& object, latency_histogram const& latency) {
    object.add("count", latency.count());
    object.add("sum", latency.sum_seconds);
    object.add("p50", latency.quantile(0.5));
    object.add("p99", latency.quantile(0.99));
    auto buckets = object.array("buckets");
    for (auto const count : latency.counts) buckets.add(count);
}

void write_warning(json_object&& object, warning const& line) {
    object.add("time_ns", line.time_ns);
    object.add("severity", line.severity == warning_severity::error ? "error" : "warning");
    object.add("message", line.message);
}

void write_memory(json_object&& object, memory_status const& memory) {
    object.add("bytes_max", memory.bytes_max);
    object.add("waits", memory.waits);
    object.array("holders", memory.holders, [](json_object&& each, held_memory const& what) {
        each.add("holder", what.holder);
        each.add("bytes", what.bytes);
    });
}

void write_pump(json_object&& object, pump_snapshot const& pump) {
    object.add("name", pump.name);
    object.add("finished", pump.finished);
    write_ledger(object.object("ledger"), pump.book);
    object.add("backlog", pump.backlog);
    write_counts(object.object("this_run"), pump.this_run);
    object.add("bytes_in", pump.bytes_in);
    object.add("bytes_out", pump.bytes_out);
    object.add("retries", pump.retries);
    object.add("queued_batches", pump.queued_batches);
    object.add("queued_batches_max", pump.queued_batches_max);
    object.add("in_flight_bytes", pump.in_flight_bytes);
    object.add("in_flight_bytes_max", pump.in_flight_bytes_max);
    object.add("oldest_seconds", pump.oldest_seconds);
    write_latency(object.object("safe_after_seconds"), pump.safe_after);
    write_latency(object.object("age_when_safe_seconds"), pump.age_when_safe);
    object.array("stages", pump.stages, write_stage);
}

}  // namespace

std::string to_json(process_snapshot const& process) {
    std::string out;
    {
        json_object object{out};
        object.add("subcommand", process.subcommand);
        object.add("version", process.version);
        object.add("pid", process.pid);
        object.add("started_ns", process.started_ns);
        object.add("ready", process.ready);
        object.add("draining", process.draining);
        object.add("all_up", all_up(process));
        write_ledger(object.object("ledger"), process.book);
        object.array("pumps", process.pumps, write_pump);
        if (process.letters) write_stage(object.object("dead_letters"), *process.letters);
        object.array("warnings", process.warnings, write_warning);
        write_memory(object.object("memory"), process.memory);
    }
    out.push_back('\n');
    return out;
}

}  // namespace logpipe::status
