#include "layout.hpp"

#include "core/clean_text.hpp"
#include "core/clock.hpp"
#include "pages.hpp"
#include "text_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace logpipe::tui {

namespace {

struct page_name {
    monitor_page page;
    std::string_view name;
};
constexpr std::array page_names{page_name{monitor_page::pumps, "Pumps"},
                                page_name{monitor_page::components, "Components"},
                                page_name{monitor_page::warnings, "Warnings"}, page_name{monitor_page::help, "Help"}};

std::string head_line(monitor_view const& view, monitor_scene const& scene, screen_size size) {
    text_line line{size.columns};
    line.add("logpipe monitor", text_style::bold).add(fmt::format("  {} UTC  every {}  ", scene.time, scene.interval));
    auto const& components = scene.report.components;
    auto const count = [&](status::component_state state) {
        return std::ranges::count(components, state, &status::component::state);
    };
    auto const down = count(status::component_state::down);
    auto const unknown = count(status::component_state::unknown);
    if (components.empty())
        line.add("nothing responds", text_style::bad);
    else if (down == 0 && unknown == 0)
        line.add(fmt::format("all {} up", components.size()), text_style::good);
    if (down > 0) line.add(fmt::format("{} down ", down), text_style::bad);
    if (unknown > 0) line.add(fmt::format("{} unknown", unknown), text_style::odd);
    if (view.paused) line.add("  PAUSED", text_style::inverse);
    if (scene.stale && !view.paused) line.add("  STALE", text_style::inverse);
    return line.text();
}

std::string tab_line(monitor_view const& view, screen_size size) {
    text_line line{size.columns};
    for (auto const& [page, name] : page_names)
        line.add(fmt::format(" {} ", name), page == view.page ? text_style::inverse : text_style::dim).add(" ");
    return line.text();
}

std::string foot_line(screen_size size) {
    text_line line{size.columns};
    line.add("q leave  p pause  ↑↓ choose  ←→ page  ? help", text_style::dim);
    return line.text();
}

}  // namespace

void monitor_view::press(key pressed) {
    constexpr auto pages = page_names.size();
    auto const turn = [&](std::size_t by) {
        page = static_cast<monitor_page>((static_cast<std::size_t>(page) + by) % pages);
        chosen = 0;
    };
    switch (pressed) {
        case key::quit:
            over = true;
            break;
        case key::pause:
            paused = !paused;
            break;
        case key::help:
            page = page == monitor_page::help ? monitor_page::pumps : monitor_page::help;
            chosen = 0;
            break;
        case key::up:
            chosen -= chosen > 0 ? 1 : 0;
            break;
        case key::down:
            ++chosen;
            break;
        case key::left:
            turn(pages - 1);
            break;
        case key::right:
            turn(1);
            break;
        case key::suspend:  // of the whole job, not of the view
        case key::other:
            break;
    }
}

std::vector<std::string> draw(monitor_view& view, monitor_scene const& scene, screen_size size) {
    std::vector<std::string> lines{head_line(view, scene, size), tab_line(view, size), ""};
    // Head, tabs, a blank, the page, the foot.
    constexpr std::size_t frame_rows = 4;
    screen_size const room{.columns = size.columns, .rows = size.rows > frame_rows ? size.rows - frame_rows : 0};
    std::vector<std::string> page;
    switch (view.page) {
        case monitor_page::pumps:
            page = pumps_page(view, scene, room);
            break;
        case monitor_page::components:
            page = components_page(view, scene, room);
            break;
        case monitor_page::warnings:
            page = warnings_page(view, scene, room);
            break;
        case monitor_page::help:
            page = help_page(room);
            break;
    }
    page.resize(room.rows);
    std::ranges::move(page, std::back_inserter(lines));
    lines.push_back(foot_line(size));
    lines.resize(size.rows);  // a screen too low for the frame shows what fits
    return lines;
}

std::string plain_lines(monitor_scene const& scene) {
    std::string out;
    for (auto const& pump : scene.pumps)
        out += fmt::format(
            "{} {} in {}/s out {}/s backlog {} drain {} queue {:.0f} % p50 {} p99 {} errors {}/s\n", scene.time,
            clean_line(pump.name), short_number(pump.in_per_second), short_number(pump.out_per_second), pump.backlog,
            pump.drain_seconds ? short_time(*pump.drain_seconds) : "never", pump.fill * 100.0,
            short_time(pump.p50_seconds), short_time(pump.p99_seconds), short_number(pump.errors_per_second));
    for (auto const& row : scene.report.components)
        if (row.state != status::component_state::up)
            out += fmt::format("{} {} {} {}: {}\n", scene.time, clean_line(row.kind), clean_line(row.name),
                               name_of(row.state), clean_line(row.reason));
    return out;
}

std::string short_number(double value) {
    if (value < 9.95) return fmt::format("{:.{}f}", value, std::trunc(value) == value ? 0 : 1);
    if (value < 999.5) return fmt::format("{:.0f}", value);
    constexpr std::array units{"k", "M", "G", "T"};
    std::size_t unit = 0;
    value /= 1000.0;
    for (; value >= 999.5 && unit + 1 < units.size(); ++unit) value /= 1000.0;
    return fmt::format("{:.{}f}{}", value, value < 99.95 ? 1 : 0, units.at(unit));
}

std::string short_time(double seconds) {
    if (seconds <= 0.0) return "0";
    if (seconds < 0.00995) return fmt::format("{:.1f}ms", seconds * 1e3);
    if (seconds < 0.9995) return fmt::format("{:.0f}ms", seconds * 1e3);
    if (seconds < 59.95) return fmt::format("{:.1f}s", seconds);
    auto const whole = static_cast<std::uint64_t>(std::min(seconds, 1e9));
    if (whole < 3600) return fmt::format("{}m{}s", whole / 60, whole % 60);
    if (whole < 86'400) return fmt::format("{}h{}m", whole / 3600, whole / 60 % 60);
    return fmt::format("{}d{}h", whole / 86'400, whole / 3600 % 24);
}

}  // namespace logpipe::tui
