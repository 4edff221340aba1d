#include "object_writer.hpp"
#include "status/components.hpp"
#include "status/process.hpp"

#include <algorithm>

// The keys are documented in docs/operate/monitoring.md: both change together.

namespace logpipe::status {

namespace {

void write_numbers(std::string& out, std::vector<std::pair<std::string, double>> const& numbers) {
    object_writer object{out};
    for (auto const& [name, value] : numbers) object.add(name, value);
}

void write_component(std::string& out, component const& row) {
    object_writer object{out};
    object.add("kind", row.kind);
    object.add("name", row.name);
    object.add("address", row.address);
    object.add("state", name_of(row.state));
    object.add("why", row.why);
    object.add("version", row.version);
    if (row.probe_seconds >= 0.0)
        object.add("probe_seconds", row.probe_seconds);
    else
        object.at("probe_seconds").append("null");
    object.add("figure", row.figure);
    write_numbers(object.at("numbers"), row.numbers);
    object.add("more", row.more);
}

void write_hop(std::string& out, hop const& step) {
    object_writer object{out};
    object.add("name", step.name);
    object.add("in", step.book.counts.in);
    object.add("indexed", step.book.counts.indexed);
    object.add("already_there", step.book.counts.already_there);
    object.add("dead", step.book.counts.dead);
    object.add("routed", step.book.counts.routed);
    object.add("in_flight", step.book.in_flight);
    object.add("taken", step.book.taken);
    object.add("tombstones", step.book.passed.tombstones);
    object.add("gaps", step.book.passed.gaps);
    object.add("expired", step.book.passed.expired);
    object.add("difference", step.book.difference());
    object.add("note", step.note);
}

void write_process(std::string& out, process_snapshot const& process) {
    auto text = to_json(process);
    text.erase(std::ranges::remove(text, '\n').begin(), text.end());
    out.append(text);
}

}  // namespace

std::string to_json(status_report const& report) {
    std::string out;
    {
        object_writer object{out};
        object.add("time_ns", report.time_ns);
        object.add("state", name_of(state_of(report)));
        write_list(object.at("components"), report.components, write_component);
        write_list(object.at("hops"), report.hops, write_hop);
        write_list(object.at("processes"), report.processes, write_process);
    }
    out.push_back('\n');
    return out;
}

}  // namespace logpipe::status
