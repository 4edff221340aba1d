// Numbers → the lines of a screen. No terminal, no clock, no I/O.
#pragma once

#include "keys.hpp"
#include "rates.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::tui {

struct screen_size {
    std::size_t columns = 80;
    std::size_t rows = 24;

    friend bool operator==(screen_size const&, screen_size const&) = default;
};

enum class monitor_page : std::uint8_t { pumps, components, warnings, help };

/// What the keys have chosen.
struct monitor_view {
    monitor_page page = monitor_page::pumps;
    std::size_t chosen = 0;  ///< row of the page
    bool paused = false;
    bool over = false;

    void press(key pressed);
};

/// What is shown.
struct monitor_scene {
    status::status_report report;
    std::vector<pump_rates> pumps;
    std::string time;      ///< of the snapshot: "21:53:49"
    std::string interval;  ///< "1 s"
    bool stale = false;    ///< the next snapshot is overdue
};

/// Exactly `size.rows` lines, none wider than `size.columns`. Puts `view.chosen` back into its range.
[[nodiscard]] std::vector<std::string> draw(monitor_view& view, monitor_scene const& scene, screen_size size);

/// A line a pump, for logs and pipes, and one for each component that is not up; no escape sequences.
[[nodiscard]] std::string plain_lines(monitor_scene const& scene);

/// "999", "12.3k", "1.2M".
[[nodiscard]] std::string short_number(double value);
/// "0.4ms", "12ms", "2.5s", "3m20s", "2h5m".
[[nodiscard]] std::string short_time(double seconds);

}  // namespace logpipe::tui
