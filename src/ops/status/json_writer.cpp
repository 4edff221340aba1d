#include "logpipe/status.hpp"
#include "object_writer.hpp"

// The keys are read again in json_reader.cpp and are documented in docs/reference/http-api.yaml: both change together.

namespace logpipe::status {

namespace {

void add_counts(object_writer& object, event_counts const& counts) {
    object.add("in", counts.in);
    object.add("indexed", counts.indexed);
    object.add("already_there", counts.already_there);
    object.add("dead", counts.dead);
    object.add("routed", counts.routed);
}

void write_counts(std::string& out, event_counts const& counts) {
    object_writer object{out};
    add_counts(object, counts);
}

void write_ledger(std::string& out, ledger const& book) {
    object_writer object{out};
    add_counts(object, book.counts);
    object.add("in_flight", book.in_flight);
    object.add("taken", book.taken);
    object.add("tombstones", book.passed.tombstones);
    object.add("gaps", book.passed.gaps);
    object.add("expired", book.passed.expired);
    object.add("difference", book.difference());
}

void write_gauges(std::string& out, std::vector<std::pair<std::string, double>> const& gauges) {
    object_writer object{out};
    for (auto const& [name, value] : gauges) object.add(name, value);
}

void write_stage(std::string& out, stage_status const& stage) {
    object_writer object{out};
    object.add("name", stage.name);
    object.add("up", stage.up);
    object.add("why", stage.why);
    object.add("retries", stage.retries);
    write_gauges(object.at("gauges"), stage.gauges);
}

void write_latency(std::string& out, latency_histogram const& latency) {
    object_writer object{out};
    object.add("count", latency.count());
    object.add("sum", latency.sum_seconds);
    object.add("p50", latency.quantile(0.5));
    object.add("p99", latency.quantile(0.99));
    auto& counts = object.at("buckets");
    for (char separator = '['; auto const count : latency.counts) {
        fmt::format_to(std::back_inserter(counts), "{}{}", separator, count);
        separator = ',';
    }
    counts.push_back(']');
}

void write_warning(std::string& out, warning const& line) {
    object_writer object{out};
    object.add("time_ns", line.time_ns);
    object.add("grave", line.grave);
    object.add("message", line.message);
}

void write_pump(std::string& out, pump_snapshot const& pump) {
    object_writer object{out};
    object.add("name", pump.name);
    object.add("finished", pump.finished);
    write_ledger(object.at("ledger"), pump.book);
    if (pump.backlog)
        object.add("backlog", *pump.backlog);
    else
        object.at("backlog").append("null");
    write_counts(object.at("this_run"), pump.this_run);
    object.add("bytes_in", pump.bytes_in);
    object.add("bytes_out", pump.bytes_out);
    object.add("retries", pump.retries);
    object.add("queued_batches", pump.queued_batches);
    object.add("queued_batches_max", pump.queued_batches_max);
    object.add("in_flight_bytes", pump.in_flight_bytes);
    object.add("in_flight_bytes_max", pump.in_flight_bytes_max);
    object.add("oldest_seconds", pump.oldest_seconds);
    write_latency(object.at("safe_after_seconds"), pump.safe_after);
    write_latency(object.at("age_when_safe_seconds"), pump.age_when_safe);
    write_list(object.at("stages"), pump.stages, write_stage);
}

}  // namespace

std::string to_json(process_snapshot const& process) {
    std::string out;
    {
        object_writer object{out};
        object.add("subcommand", process.subcommand);
        object.add("version", process.version);
        object.add("pid", process.pid);
        object.add("started_ns", process.started_ns);
        object.add("ready", process.ready);
        object.add("draining", process.draining);
        object.add("all_up", all_up(process));
        write_ledger(object.at("ledger"), process.book);
        write_list(object.at("pumps"), process.pumps, write_pump);
        if (process.letters) write_stage(object.at("letters"), *process.letters);
        write_list(object.at("warnings"), process.warnings, write_warning);
    }
    out.push_back('\n');
    return out;
}

}  // namespace logpipe::status
