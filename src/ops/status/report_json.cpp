#include "core/json_writer.hpp"
#include "status/components.hpp"
#include "status/process.hpp"

#include <optional>
#include <string>

// The keys are documented in docs/operate/monitoring.md: both change together.

namespace logpipe::status {

namespace {

void write_numbers(json_object&& object, std::vector<std::pair<std::string, double>> const& numbers) {
    for (auto const& [name, value] : numbers) object.add(name, value);
}

void write_component(json_object&& object, component const& row) {
    object.add("kind", row.kind);
    object.add("name", row.name);
    object.add("address", row.address);
    object.add("state", name_of(row.state));
    object.add("reason", row.reason);
    object.add("hint", row.hint);
    object.add("version", row.version);
    object.add("probe_seconds", row.probe_seconds >= 0.0 ? std::optional{row.probe_seconds} : std::nullopt);
    object.add("figure", row.figure);
    write_numbers(object.object("numbers"), row.numbers);
    object.add("more", row.more);
}

void write_hop(json_object&& object, hop const& step) {
    object.add("name", step.name);
    object.add("in", step.book.counts.in);
    object.add("indexed", step.book.counts.indexed);
    object.add("duplicates", step.book.counts.duplicates);
    object.add("dead", step.book.counts.dead);
    object.add("dropped", step.book.counts.dropped);
    object.add("routed", step.book.counts.routed);
    object.add("in_flight", step.book.in_flight);
    object.add("taken", step.book.taken);
    object.add("tombstones", step.book.passed.tombstones);
    object.add("gaps", step.book.passed.gaps);
    object.add("expired", step.book.passed.expired);
    object.add("difference", step.book.difference());
    object.add("note", step.note);
}

std::string line_of(process_snapshot const& process) {
    auto text = to_json(process);
    std::erase(text, '\n');
    return text;
}

}  // namespace

std::string to_json(status_report const& report) {
    std::string out;
    {
        json_object object{out};
        object.add("time_ns", report.time_ns);
        object.add("state", name_of(state_of(report)));
        object.array("components", report.components, write_component);
        object.array("hops", report.hops, write_hop);
        auto processes = object.array("processes");
        for (auto const& each : report.processes) processes.add(json_value{line_of(each)});
    }
    out.push_back('\n');
    return out;
}

}  // namespace logpipe::status
