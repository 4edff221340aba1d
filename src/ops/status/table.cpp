#include "core/clean_text.hpp"
#include "core/clock.hpp"
#include "core/utf8.hpp"
#include "status/components.hpp"
#include "words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace logpipe::status {

namespace {

constexpr std::size_t warnings_shown_max = 5;
constexpr std::size_t column_count = 6;
struct table_row {
    std::array<std::string, column_count> cells;
    component_state state = component_state::up;
};

/// Characters, not bytes: names may hold any.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

std::string painted(std::string text, std::string_view code, table_colour colour) {
    return colour == table_colour::off || text.empty() ? text : fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::string_view colour_of(component_state state) noexcept {
    switch (state) {
        case component_state::up:
            return "32";
        case component_state::down:
            return "1;31";
        case component_state::unknown:
            return "33";
    }
    return "0";
}

/// "run 127.0.0.1:24230", "  index/sqlite_sink", "  group consume".
std::string name_cell(component const& from) {
    if (!from.address.empty()) return clean_line(fmt::format("{} {}", from.name, from.address));
    bool const with_kind = from.kind == "topic" || from.kind == "group";
    return clean_line(fmt::format("  {}{}{}", with_kind ? from.kind : "", with_kind ? " " : "", from.name));
}

table_row row_of(component const& from) {
    return {.cells = {name_cell(from), std::string{name_of(from.state)}, clean_line(from.version),
                      from.probe_seconds < 0 ? std::string{} : time_text(from.probe_seconds), clean_line(from.figure),
                      clean_line(from.more)},
            .state = from.state};
}

void append_components(std::string& out, status_report const& report, table_colour colour) {
    std::vector<table_row> rows{{.cells = {"COMPONENT", "STATE", "VERSION", "PROBE", "WHAT MATTERS", "SEE MORE"}}};
    std::ranges::transform(report.components, std::back_inserter(rows), row_of);
    std::array<std::size_t, column_count> widths{};
    for (auto const& row : rows)
        for (std::size_t i = 0; i < column_count; ++i) widths[i] = std::max(widths[i], width_of(row.cells[i]));
    for (auto const& row : rows) {
        std::string line;
        std::size_t blanks = 0;
        for (std::size_t i = 0; i < column_count; ++i) {
            line.append(row.cells[i].empty() ? 0 : blanks, ' ');
            if (!row.cells[i].empty()) blanks = 0;
            auto const code = &row == rows.data() ? "1" : colour_of(row.state);
            line += i == 1 || &row == rows.data() ? painted(row.cells[i], code, colour) : row.cells[i];
            blanks += widths[i] - width_of(row.cells[i]) + 2;
        }
        out.append(line).append("\n");
    }
}

void append_ledger(std::string& out, status_report const& report, table_colour colour) {
    if (report.hops.empty()) return;
    std::size_t name_width = 0;
    for (auto const& step : report.hops) name_width = std::max(name_width, width_of(clean_line(step.name)));
    out.append("\n").append(painted("LEDGER", "1", colour)).append("\n");
    for (auto const& step : report.hops) {
        auto const name = clean_line(step.name);
        auto const difference = step.book.difference();
        out += fmt::format("{}{}  {}  {}{}\n", name, std::string(name_width - width_of(name), ' '), step.book.line(),
                           painted(fmt::format("difference {}", difference), difference == 0 ? "32" : "1;31", colour),
                           step.note.empty() ? "" : fmt::format("  ({})", clean_line(step.note)));
    }
}

void append_problems(std::string& out, status_report const& report, table_colour colour) {
    std::string lines;
    for (auto const& row : report.components) {
        if (row.reason.empty()) continue;
        auto const state = row.state == component_state::up ? std::string{"note"} : std::string{name_of(row.state)};
        lines += fmt::format("{}{} {}: {}\n",
                             clean_line(row.kind == row.name ? row.kind : fmt::format("{} {}", row.kind, row.name)),
                             row.address.empty() ? "" : fmt::format(" at {}", clean_line(row.address)),
                             painted(state, row.state == component_state::up ? "0" : colour_of(row.state), colour),
                             clean_line(row.reason));
        if (!row.hint.empty()) lines += fmt::format("  {}\n", clean_line(row.hint));
    }
    for (auto const& step : report.hops)
        if (step.book.difference() != 0)
            lines +=
                fmt::format("the ledger of {} is off by {} events\n", clean_line(step.name), step.book.difference());
    if (!lines.empty()) out.append("\n").append(lines);
}

void append_warnings(std::string& out, status_report const& report, table_colour colour) {
    for (auto const& process : report.processes) {
        if (process.warnings.empty()) continue;
        out += fmt::format("\n{}\n",
                           painted(fmt::format("LAST WARNINGS OF {}", clean_line(process.subcommand)), "1", colour));
        auto const skipped = process.warnings.size() - std::min(process.warnings.size(), warnings_shown_max);
        for (auto at = process.warnings.begin() + static_cast<std::ptrdiff_t>(skipped); at != process.warnings.end();
             ++at)
            out += fmt::format("{} {} {}\n", iso_time(at->time_ns),
                               at->severity == warning_severity::error ? painted("error", "1;31", colour)
                                                                       : painted("warn", "33", colour),
                               clean_line(at->message));
    }
}

}  // namespace

std::string to_table(status_report const& report, table_colour colour) {
    std::string out;
    append_components(out, report, colour);
    append_ledger(out, report, colour);
    append_problems(out, report, colour);
    append_warnings(out, report, colour);
    return out;
}

}  // namespace logpipe::status
