#include "pages.hpp"

#include "core/clock.hpp"
#include "status/figures.hpp"
#include "text_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace logpipe::tui {

namespace {

constexpr std::size_t warnings_below_max = 3;
// All columns but the sparkline: name; in, out, lag, drain, p50, p99; queue; a space.
constexpr std::size_t fixed_columns = 18 + 6 * 7 + 6 + 1;
constexpr std::size_t spark_columns_max = rate_book::history_max;

std::size_t spark_columns(std::size_t columns) {
    return columns > fixed_columns ? std::min(columns - fixed_columns, spark_columns_max) : 0;
}

void put_back_into_range(std::size_t& chosen, std::size_t count) {
    chosen = count == 0 ? 0 : std::min(chosen, count - 1);
}

/// The first row to show so that the chosen one is within `shown`.
std::size_t first_shown(std::size_t chosen, std::size_t shown) {
    return chosen < shown ? 0 : chosen - shown + 1;
}

text_style style_of(status::component_state state) noexcept {
    switch (state) {
        case status::component_state::up:
            return text_style::good;
        case status::component_state::down:
            return text_style::bad;
        case status::component_state::unknown:
            return text_style::odd;
    }
    return text_style::plain;
}

bool pump_up(pump_rates const& pump) {
    return std::ranges::all_of(pump.now.stages, &stage_status::up);
}

std::string pumps_head(screen_size room) {
    text_line line{room.columns};
    auto const spark = spark_columns(room.columns);
    line.left("PUMP", 18, text_style::bold).right("IN/s", 7, text_style::bold).right("OUT/s", 7, text_style::bold);
    line.add(" ").left(spark >= 8 ? "OUT" : "", spark, text_style::bold);
    for (auto const& [name, width] : std::initializer_list<std::pair<std::string_view, std::size_t>>{
             {"LAG", 7}, {"DRAIN", 7}, {"QUEUE", 6}, {"P50", 7}, {"P99", 7}})
        line.right(name, width, text_style::bold);
    return line.text();
}

std::string pump_line(pump_rates const& pump, bool chosen, screen_size room) {
    text_line line{room.columns};
    auto const style = !pump_up(pump) ? text_style::bad : chosen ? text_style::inverse : text_style::plain;
    line.left(fmt::format("{}{}", chosen ? ">" : " ", pump.name), 18, style);
    line.right(short_number(pump.in_per_second), 7).right(short_number(pump.out_per_second), 7).add(" ");
    line.add(sparkline(pump.out_history, spark_columns(room.columns)), text_style::good);
    line.right(short_number(static_cast<double>(pump.backlog)), 7);
    line.right(pump.drain_seconds ? short_time(*pump.drain_seconds) : "never", 7,
               pump.drain_seconds ? text_style::plain : text_style::odd);
    line.right(fmt::format("{:.0f}%", pump.fill * 100.0), 6, pump.fill >= 0.9 ? text_style::odd : text_style::plain);
    line.right(short_time(pump.p50_seconds), 7).right(short_time(pump.p99_seconds), 7);
    return line.text();
}

/// Those with titles by their titles, then the others by their names.
std::string metrics_text(stage_status const& stage) {
    std::string titled;
    std::string others;
    for (auto const& each : stage.metrics) {
        auto& text = each.title.empty() ? others : titled;
        text += fmt::format("{} {}  ", each.title.empty() ? each.name : each.title, status::value_text(each));
    }
    return titled + others;
}

/// The chosen pump's ledger and stages.
void append_details(std::vector<std::string>& lines, pump_rates const& pump, screen_size room) {
    auto const& book = pump.now.book;
    text_line ledger{room.columns};
    ledger.add(pump.name, text_style::bold).add(fmt::format("  {}  ", book.line()));
    ledger.add(fmt::format("difference {}", book.difference()),
               book.difference() == 0 ? text_style::good : text_style::bad);
    lines.push_back(ledger.text());
    text_line more{room.columns};
    more.add(fmt::format("  errors {}/s  dead {}  retries {}  oldest {}  age of events p99 {}",
                         short_number(pump.errors_per_second), book.counts.dead, pump.now.retries,
                         short_time(pump.now.oldest_seconds), short_time(pump.age_p99_seconds)));
    lines.push_back(more.text());
    for (auto const& stage : pump.now.stages) {
        text_line line{room.columns};
        line.add("  ")
            .left(stage.name, 17)
            .add(stage.up ? "up    " : "down  ", stage.up ? text_style::good : text_style::bad);
        line.add(stage.up ? metrics_text(stage) : stage.reason, stage.up ? text_style::dim : text_style::bad);
        lines.push_back(line.text());
    }
}

struct shown_warning {
    std::string_view subcommand;
    warning const* line;
};

/// Of all processes, oldest first.
std::vector<shown_warning> warnings_of(monitor_scene const& scene) {
    std::vector<shown_warning> all;
    for (auto const& process : scene.report.processes)
        for (auto const& each : process.warnings) all.push_back({.subcommand = process.subcommand, .line = &each});
    std::ranges::stable_sort(all, {}, [](shown_warning const& each) { return each.line->time_ns; });
    return all;
}

std::string warning_line(shown_warning const& rates, screen_size room) {
    text_line line{room.columns};
    line.add(iso_time(rates.line->time_ns).substr(11, 8)).add(" ").add(rates.subcommand, text_style::bold);
    bool const is_error = rates.line->severity == warning_severity::error;
    line.add(is_error ? " error " : " warn ", is_error ? text_style::bad : text_style::odd);
    line.add(rates.line->message);
    return line.text();
}

}  // namespace

std::vector<std::string> pumps_page(monitor_view& view, monitor_scene const& scene, screen_size room) {
    put_back_into_range(view.chosen, scene.pumps.size());
    std::vector<std::string> lines{pumps_head(room)};
    auto const warnings = warnings_of(scene);
    auto const below = std::min(warnings.size(), warnings_below_max);
    std::size_t const details = scene.pumps.empty() ? 0 : 3 + scene.pumps[view.chosen].now.stages.size();
    auto const other = 1 + details + (below == 0 ? 0 : below + 1);
    auto const shown = std::clamp<std::size_t>(room.rows > other ? room.rows - other : 1, 1,
                                               std::max<std::size_t>(1, scene.pumps.size()));
    auto const first = first_shown(view.chosen, shown);
    for (auto i = first; i < std::min(first + shown, scene.pumps.size()); ++i)
        lines.push_back(pump_line(scene.pumps[i], i == view.chosen, room));
    if (scene.pumps.empty()) {
        text_line nothing{room.columns};
        lines.push_back(
            nothing.add("no process with pumps responds; name one by --at HOST:PORT", text_style::dim).text());
    } else {
        lines.emplace_back();
        append_details(lines, scene.pumps[view.chosen], room);
    }
    if (below == 0 || lines.size() + below + 1 > room.rows) return lines;
    lines.resize(room.rows - below);
    for (auto i = warnings.size() - below; i < warnings.size(); ++i) lines.push_back(warning_line(warnings[i], room));
    return lines;
}

std::vector<std::string> components_page(monitor_view& view, monitor_scene const& scene, screen_size room) {
    auto const& all = scene.report.components;
    put_back_into_range(view.chosen, all.size());
    std::size_t const name_columns = room.columns >= 120 ? 40 : 28;
    text_line head{room.columns};
    head.left("COMPONENT", name_columns, text_style::bold).add(" ").left("STATE", 8, text_style::bold);
    head.left("VERSION", 9, text_style::bold)
        .right("PROBE", 7, text_style::bold)
        .add("  ")
        .add("WHAT MATTERS", text_style::bold);
    std::vector<std::string> lines{head.text()};
    constexpr std::size_t below = 5;
    auto const shown = room.rows > below + 1 ? room.rows - below - 1 : 1;
    auto const first = first_shown(view.chosen, shown);
    for (auto i = first; i < std::min(first + shown, all.size()); ++i) {
        auto const& row = all[i];
        text_line line{room.columns};
        auto const name = row.address.empty() ? fmt::format("{} {}", row.kind, row.name)
                                              : fmt::format("{} {}", row.name, row.address);
        line.left(fmt::format("{}{}{}", i == view.chosen ? ">" : " ", row.address.empty() ? "  " : "", name),
                  name_columns, i == view.chosen ? text_style::inverse : text_style::plain);
        line.add(" ").left(name_of(row.state), 8, style_of(row.state)).left(row.version, 9);
        line.right(row.probe_seconds < 0 ? "" : short_time(row.probe_seconds), 7).add("  ").add(row.figure);
        lines.push_back(line.text());
    }
    if (all.empty()) return lines;
    lines.emplace_back();
    auto const& row = all[view.chosen];
    text_line reason{room.columns};
    if (!row.reason.empty()) lines.push_back(reason.add(row.reason, style_of(row.state)).text());
    text_line hint{room.columns};
    if (!row.hint.empty()) lines.push_back(hint.add(row.hint).text());
    text_line more{room.columns};
    if (!row.more.empty()) lines.push_back(more.add("see more: ", text_style::dim).add(row.more).text());
    return lines;
}

std::vector<std::string> warnings_page(monitor_view& view, monitor_scene const& scene, screen_size room) {
    auto const all = warnings_of(scene);
    put_back_into_range(view.chosen, all.size());
    std::vector<std::string> lines;
    if (all.empty()) lines.emplace_back("no warnings");
    // The newest first; the chosen one is where the list begins.
    for (auto i = view.chosen; i < all.size() && lines.size() < room.rows; ++i)
        lines.push_back(warning_line(all[all.size() - 1 - i], room));
    return lines;
}

std::vector<std::string> help_page(screen_size room) {
    static constexpr std::array<std::string_view, 14> words{
        "q, Ctrl-C   leave",
        "p, space    pause; press it a second time to continue",
        "up, down    choose a row: its details are below",
        "left, right turn the page",
        "?           this page, and back",
        "",
        "IN/s, OUT/s events read, and events made safe, in a second",
        "OUT         the same over time, as tall as its largest",
        "LAG         events that wait in the source, and those read and not yet safe",
        "DRAIN       time until the lag is 0, at the rate of the last snapshots; never: it grows",
        "QUEUE       how full the queues between the stages are: at 100% the source waits",
        "P50, P99    half of the events, 99 of 100, were safe within so long after they were read",
        "",
        "What is not safe is still at its sender, in the journal or in Kafka."};
    std::vector<std::string> lines;
    for (auto const line : words) {
        text_line cut{room.columns};
        lines.push_back(cut.add(line).text());
    }
    return lines;
}

}  // namespace logpipe::tui
