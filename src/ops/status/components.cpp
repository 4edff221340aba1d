#include "status/components.hpp"

#include "core/clock.hpp"
#include "stage_metrics.hpp"
#include "status/figures.hpp"
#include "words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace logpipe::status {

namespace {

double number(std::uint64_t value) noexcept {
    return static_cast<double>(value);
}

/// "clients 3, pending 1.2 KiB"
std::string figure_of(stage_status const& stage) {
    std::string text;
    for (auto const& figure : figures_of(stage.metrics))
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", figure.title, value_text(figure));
    return text;
}

std::string figure_of(pump_snapshot const& pump, stage_status const& stage) {
    if (pump.backlog && &stage == pump.stages.data()) return fmt::format("backlog {}", grouped(*pump.backlog));
    auto figure = figure_of(stage);
    // Of a transform, what it chose: the formats of the streams.
    bool const is_transform = &stage != pump.stages.data() && &stage != &pump.stages.back();
    if (is_transform && !stage.target.empty()) figure += (figure.empty() ? "" : "; ") + stage.target;
    if (!figure.empty()) return figure;
    if (&stage == &pump.stages.back()) return fmt::format("{} indexed", grouped(pump.book.counts.indexed));
    return {};
}

std::vector<std::pair<std::string, double>> numbers_of(stage_status const& stage) {
    std::vector<std::pair<std::string, double>> numbers;
    for (auto const& each : stage.metrics) numbers.emplace_back(each.name, each.value);
    return numbers;
}

/// "2 stages are down: index/sqlite_sink, receive/journal_sink"; empty when none is.
std::string stages_down(process_snapshot const& process) {
    std::size_t count = 0;
    std::string names;
    for (auto const& pump : process.pumps)
        for (auto const& stage : pump.stages) {
            if (stage.up) continue;
            names += fmt::format("{}{}/{}", count == 0 ? "" : ", ", pump.name, stage.name);
            ++count;
        }
    if (count == 0) return {};
    return fmt::format("{} {} down: {}", counted(count, "stage"), count == 1 ? "is" : "are", names);
}

component stage_row(pump_snapshot const& pump, stage_status const& stage) {
    component row{.kind = "stage", .name = fmt::format("{}/{}", pump.name, stage.name)};
    row.state = stage.up ? component_state::up : component_state::down;
    row.reason = !stage.up && stage.reason.empty() ? "it gives no reason" : stage.reason;
    row.hint = stage.hint;
    row.figure = figure_of(pump, stage);
    row.numbers = numbers_of(stage);
    if (pump.backlog && &stage == pump.stages.data()) row.numbers.emplace_back("backlog_events", number(*pump.backlog));
    row.numbers.emplace_back("retries", number(stage.retries));
    return row;
}

/// A letter that cannot be written shows its pump down, with the reason: these may be full, and nothing stops for that.
component letters_row(stage_status const& letters) {
    component row{.kind = "stage", .name = letters.name};
    row.state = component_state::up;
    row.reason = letters.reason;
    row.hint = letters.hint;
    row.figure = figure_of(letters);
    row.numbers = numbers_of(letters);
    return row;
}

}  // namespace

void status_report::add(status_report&& other) {
    std::ranges::move(other.components, std::back_inserter(components));
    std::ranges::move(other.hops, std::back_inserter(hops));
    std::ranges::move(other.processes, std::back_inserter(processes));
}

std::string_view name_of(component_state state) noexcept {
    switch (state) {
        case component_state::up:
            return "up";
        case component_state::down:
            return "down";
        case component_state::unknown:
            return "unknown";
    }
    return "unknown";
}

component_state state_of(status_report const& report) noexcept {
    auto const any = [&](component_state wanted) {
        return std::ranges::find(report.components, wanted, &component::state) != report.components.end();
    };
    if (any(component_state::down)) return component_state::down;
    if (std::ranges::any_of(report.hops, [](hop const& each) { return each.book.difference() != 0; }))
        return component_state::down;
    return report.components.empty() || any(component_state::unknown) ? component_state::unknown : component_state::up;
}

status_report report_of_process(probed<process_snapshot> const& from) {
    status_report report;
    component row{.kind = "process", .name = "logpipe", .address = from.address};
    row.probe_seconds = from.took.count();
    row.more = fmt::format("logpipe monitor --at {}", from.address);
    if (!from.got) {
        // Another program answers there, or one that does not tell us: whether ours is up, nobody knows.
        auto const code = from.got.error().code;
        row.state =
            code == errc::protocol || code == errc::unauthorized ? component_state::unknown : component_state::down;
        row.reason = from.got.error().message;
        report.components.push_back(std::move(row));
        return report;
    }
    auto const& process = *from.got;
    auto const& counts = process.book.counts;
    auto const done = counts.done();
    row.name = process.subcommand;
    row.version = process.version;
    if (process.draining) row.reason = "draining: it finishes what it has read and reads nothing new";
    if (auto const down = stages_down(process); !down.empty()) {
        row.state = component_state::down;
        row.reason = down;
    }
    row.figure = fmt::format("{} done, {} in flight{}", grouped(done), grouped(process.book.not_safe()),
                             counts.dead == 0 ? "" : fmt::format(", {} dead", grouped(counts.dead)));
    // With one pump its source is beside the ledger; with several what waits between them is within.
    if (process.pumps.size() == 1 && process.pumps.front().backlog)
        row.figure += fmt::format(", backlog {}", grouped(*process.pumps.front().backlog));
    row.numbers = {{"done_events", number(done)},
                   {"in_flight_events", number(process.book.not_safe())},
                   {"dead_events", number(counts.dead)},
                   {"uptime_seconds", std::max(0.0, static_cast<double>(now_ns() - process.started_ns) / 1e9)}};
    report.components.push_back(std::move(row));
    for (auto const& pump : process.pumps)
        for (auto const& stage : pump.stages) report.components.push_back(stage_row(pump, stage));
    // A row only where there is something to say.
    if (process.letters && !process.letters->reason.empty()) report.components.push_back(letters_row(*process.letters));
    report.hops.push_back({.name = process.subcommand, .book = process.book, .note = {}});
    if (process.pumps.size() > 1)
        for (auto const& pump : process.pumps)
            report.hops.push_back(
                {.name = fmt::format("{}/{}", process.subcommand, pump.name), .book = pump.book, .note = {}});
    report.processes.push_back(process);
    return report;
}

}  // namespace logpipe::status
