// An event's life, for people and for programs.
#include "audit/trace.hpp"
#include "core/clean_text.hpp"
#include "core/clock.hpp"
#include "core/json_writer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace logpipe::audit {

namespace {

constexpr std::size_t line_bytes_max = 200;
constexpr std::array<std::string_view, 6> state_names{"stored", "dead letter", "purged", "waiting", "doubled", "lost"};

std::string_view name_of(trace_state state) {
    return state_names.at(static_cast<std::size_t>(state));
}

std::string facts_of(trace_step const& step) {
    std::string out;
    for (auto const& each : step.facts)
        out += fmt::format("{}{} {}", out.empty() ? "" : ", ", each.name, clean_line(each.value));
    return out;
}

std::string text_of(traced_event const& event) {
    auto out = fmt::format("event {}: {}\n", event.id.text(), name_of(event.state));
    if (!event.line.empty())
        out += fmt::format("line  {}{}\n", clean_line(std::string_view{event.line}.substr(0, line_bytes_max)),
                           event.line.size() > line_bytes_max ? " …" : "");
    std::size_t width = 0;
    for (auto const& step : event.steps) width = std::max(width, step.endpoint.size());
    for (auto const& step : event.steps) {
        out += fmt::format("{:{}}  {:{}}  {}: {}\n", step.time_ns == 0 ? "" : iso_time(step.time_ns), iso_time_bytes,
                           step.endpoint, width, step.what, facts_of(step));
        if (!step.waits.empty())
            out += fmt::format("{:{}}  waiting for {}\n", "", iso_time_bytes, fmt::join(step.waits, ", "));
    }
    return out;
}

void write_step(json_object&& one, trace_step const& step) {
    one.add("endpoint", step.endpoint);
    one.add("what", step.what);
    if (step.time_ns != 0) one.add("time", exact_iso_time(step.time_ns));
    for (auto const& each : step.facts)
        each.is_number ? one.add(each.name, json_value{each.value}) : one.add(each.name, each.value);
    if (step.kind != step_kind::input) return;
    auto waits = one.array("waiting_for");
    for (auto const& each : step.waits) waits.add(each);
}

}  // namespace

std::string to_text(trace_report const& report) {
    std::string out;
    for (auto const& each : report.events) out += text_of(each) + '\n';
    for (auto const& range : report.unseen) out += fmt::format("not seen: {}\n", range);
    if (std::ranges::count(report.events, trace_state::lost, &traced_event::state) > 0 && report.dropped > 0)
        out += fmt::format("dropped by a rule: {}; which events those are is not known\n", report.dropped);
    if (report.events.empty()) return out + "no such event is to be seen\n";
    if (report.matched > report.events.size())
        out += fmt::format("{}{} events match, {} of them shown (--count)\n", report.matched_more ? "more than " : "",
                           report.matched, report.events.size());
    return out;
}

std::string to_json(trace_report const& report) {
    std::string out;
    {
        json_object whole{out};
        whole.add("matched", report.matched);
        whole.add("matched_more", report.matched_more);
        whole.add("dropped", report.dropped);
        whole.array("events", report.events, [](json_object&& one, traced_event const& each) {
            one.add("id", each.id.text());
            one.add("state", name_of(each.state));
            one.add("line", each.line);
            one.array("steps", each.steps, write_step);
        });
        auto unseen = whole.array("unseen");
        for (auto const& each : report.unseen) unseen.add(each);
    }
    return out;
}

}  // namespace logpipe::audit
