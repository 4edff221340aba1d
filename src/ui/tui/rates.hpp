// From one snapshot to the next: what the counters of a report mean as rates, shares and times.
#pragma once

#include "status/components.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace logpipe::tui {

struct pump_rates {
    std::string name;  ///< "run/index"
    double in_per_second = 0.0;
    double out_per_second = 0.0;
    std::deque<double> out_history;       ///< events a second, a snapshot each, newest last
    std::uint64_t backlog = 0;            ///< what waits in its source and what it has read and is not safe
    std::optional<double> drain_seconds;  ///< until the backlog is 0, at these rates; none: it does not shrink
    double fill = 0.0;                    ///< of its queues and of its bound on bytes, the larger share
    double p50_seconds = 0.0;             ///< from read to safe, of what became safe in the last snapshots
    double p99_seconds = 0.0;
    double age_p99_seconds = 0.0;
    double errors_per_second = 0.0;  ///< dead letters and retries
    pump_snapshot now;
};

/// One thread.
class rate_book final {
  public:
    static constexpr std::size_t history_max = 120;    ///< snapshots in a sparkline
    static constexpr std::size_t latency_window = 10;  ///< snapshots that latencies and the time to drain are of

    void update(status::status_report const& report, std::chrono::steady_clock::time_point when);
    /// In the order of the newest report; pumps that it lacks are left out.
    [[nodiscard]] std::vector<pump_rates> const& pumps() const noexcept { return pumps_; }

  private:
    struct pump_memory {
        std::int64_t started_ns = 0;
        std::chrono::steady_clock::time_point when;
        pump_snapshot last;
        std::deque<latency_histogram> safe_after;
        std::deque<latency_histogram> age;
        std::deque<std::pair<std::chrono::steady_clock::time_point, std::uint64_t>> backlog;
        pump_rates rates;
    };
    void update_pump(process_snapshot const& process, pump_snapshot const& pump,
                     std::chrono::steady_clock::time_point when);

    std::map<std::string, pump_memory, std::less<>> memories_;
    std::vector<pump_rates> pumps_;
};

}  // namespace logpipe::tui
