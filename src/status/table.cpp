#include "base/clean_text.hpp"
#include "base/clock.hpp"
#include "logpipe/status.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace logpipe {

namespace {

constexpr std::size_t column_count = 9;
constexpr std::size_t text_columns = 3;  // these are aligned to the left, the numbers after them to the right
using table_row = std::array<std::string, column_count>;

std::string uptime_text(std::int64_t started_ns) {
    auto const seconds = std::max<std::int64_t>(0, (now_ns() - started_ns) / 1'000'000'000);
    if (seconds < 60) return fmt::format("{} s", seconds);
    if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
    if (seconds < 86'400) return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
    return fmt::format("{} d {} h", seconds / 86'400, seconds / 3600 % 24);
}

std::string_view state_text(process_snapshot const& process) {
    if (process.draining) return "draining";
    return process.ready ? "ready" : "not ready";
}

bool pump_up(pump_snapshot const& pump) {
    return std::ranges::all_of(pump.stages, &stage_status::up);
}

table_row pump_row(pump_snapshot const& pump) {
    auto const& counts = pump.book.counts;
    std::string const state = pump.finished ? "finished" : pump_up(pump) ? "up" : "down";
    return {clean_line(pump.name),
            "",
            state,
            fmt::format("{}", counts.in),
            fmt::format("{}", counts.indexed),
            fmt::format("{}", counts.already_there),
            fmt::format("{}", counts.dead),
            fmt::format("{}", pump.book.in_flight),
            fmt::format("{}", pump.retries)};
}

table_row stage_row(stage_status const& stage) {
    return {"", clean_line(stage.name), stage.up ? "up" : "down", "", "", "", "", "", fmt::format("{}", stage.retries)};
}

std::vector<table_row> make_rows(process_snapshot const& process) {
    std::vector<table_row> rows{
        {"PUMP", "STAGE", "STATE", "IN", "INDEXED", "ALREADY THERE", "DEAD", "IN FLIGHT", "RETRIES"}};
    for (auto const& pump : process.pumps) {
        rows.push_back(pump_row(pump));
        for (auto const& stage : pump.stages) rows.push_back(stage_row(stage));
    }
    return rows;
}

void append_rows(std::string& out, std::vector<table_row> const& rows) {
    std::array<std::size_t, column_count> widths{};
    for (auto const& row : rows)
        for (std::size_t i = 0; i < column_count; ++i) widths[i] = std::max(widths[i], row[i].size());
    for (auto const& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < column_count; ++i) {
            if (i > 0) line.append("  ");
            if (i < text_columns) {
                fmt::format_to(std::back_inserter(line), "{:<{}}", row[i], widths[i]);
            } else {
                fmt::format_to(std::back_inserter(line), "{:>{}}", row[i], widths[i]);
            }
        }
        out.append(line, 0, line.find_last_not_of(' ') + 1).append("\n");
    }
}

void append_reasons(std::string& out, process_snapshot const& process) {
    for (auto const& pump : process.pumps) {
        for (auto const& stage : pump.stages) {
            if (!stage.up)
                out += fmt::format("{} of {} is down: {}\n", clean_line(stage.name), clean_line(pump.name),
                                   stage.why.empty() ? "it does not say why" : clean_line(stage.why));
        }
        if (pump.book.difference() != 0)
            out += fmt::format("the ledger of {} is off by {} events\n", clean_line(pump.name), pump.book.difference());
    }
    if (process.book.difference() != 0)
        out += fmt::format("the ledger is off by {} events\n", process.book.difference());
}

}  // namespace

std::string to_table(process_snapshot const& process) {
    std::string out =
        fmt::format("logpipe {} {}  pid {}  up {}  {}\n", clean_line(process.subcommand), clean_line(process.version),
                    process.pid, uptime_text(process.started_ns), state_text(process));
    if (!process.pumps.empty()) {
        out.append("\n");
        append_rows(out, make_rows(process));
    }
    out.append("\n").append(process.book.line()).append("\n");
    append_reasons(out, process);
    return out;
}

}  // namespace logpipe
