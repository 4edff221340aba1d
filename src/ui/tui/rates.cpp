#include "rates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace logpipe::tui {

namespace {

std::uint64_t safe_events(pump_snapshot const& pump) noexcept {
    return pump.this_run.done();
}

std::uint64_t errors_of(pump_snapshot const& pump) noexcept {
    auto errors = pump.this_run.dead + pump.retries;
    for (auto const& stage : pump.stages) errors += stage.retries;
    return errors;
}

using behind_look = std::pair<std::chrono::steady_clock::time_point, std::uint64_t>;

/// At the pace at which it became less over these snapshots.
std::optional<double> drain_seconds(std::deque<behind_look> const& wakes) {
    auto const& [began, before] = wakes.front();
    auto const& [ended, now] = wakes.back();
    if (now == 0) return 0.0;
    auto const seconds = std::chrono::duration<double>(ended - began).count();
    if (before <= now || seconds <= 0.0) return std::nullopt;
    return static_cast<double>(now) * seconds / static_cast<double>(before - now);
}

double share(std::uint64_t part, std::uint64_t whole) noexcept {
    return whole == 0 ? 0.0 : std::min(1.0, static_cast<double>(part) / static_cast<double>(whole));
}

double per_second(std::uint64_t now, std::uint64_t before, double seconds) noexcept {
    return now < before ? 0.0 : static_cast<double>(now - before) / seconds;
}

void keep(std::deque<latency_histogram>& wakes, latency_histogram const& newest) {
    wakes.push_back(newest);
    if (wakes.size() > rate_book::latency_window) wakes.pop_front();
}

}  // namespace

void rate_book::update(status::status_report const& report, std::chrono::steady_clock::time_point when) {
    pumps_.clear();
    for (auto const& process : report.processes)
        for (auto const& pump : process.pumps) update_pump(process, pump, when);
    std::erase_if(memories_, [&](auto const& each) { return each.second.when != when; });
}

void rate_book::update_pump(process_snapshot const& process, pump_snapshot const& pump,
                            std::chrono::steady_clock::time_point when) {
    // The process id distinguishes two processes of one subcommand.
    auto& memory = memories_[fmt::format("{}/{}/{}", process.subcommand, process.pid, pump.name)];
    auto& rates = memory.rates;
    auto const seconds = std::chrono::duration<double>(when - memory.when).count();
    bool const again = memory.started_ns == process.started_ns && seconds > 0.0;
    rates.name = fmt::format("{}/{}", process.subcommand, pump.name);
    if (again) {
        rates.in_per_second = per_second(pump.this_run.in, memory.last.this_run.in, seconds);
        rates.out_per_second = per_second(safe_events(pump), safe_events(memory.last), seconds);
        rates.errors_per_second = per_second(errors_of(pump), errors_of(memory.last), seconds);
        rates.out_history.push_back(rates.out_per_second);
        if (rates.out_history.size() > history_max) rates.out_history.pop_front();
    } else {
        memory.safe_after.clear();
        memory.age.clear();
        memory.backlog.clear();
    }
    rates.backlog = waiting_events(pump);
    memory.backlog.emplace_back(when, rates.backlog);
    if (memory.backlog.size() > latency_window) memory.backlog.pop_front();
    rates.drain_seconds = drain_seconds(memory.backlog);
    rates.fill = std::max(share(pump.queued_batches, pump.queued_batches_max),
                          share(pump.in_flight_bytes, pump.in_flight_bytes_max));
    keep(memory.safe_after, pump.safe_after);
    keep(memory.age, pump.age_when_safe);
    auto const recent = pump.safe_after.since(memory.safe_after.front());
    rates.p50_seconds = recent.quantile(0.5);
    rates.p99_seconds = recent.quantile(0.99);
    rates.age_p99_seconds = pump.age_when_safe.since(memory.age.front()).quantile(0.99);
    rates.now = pump;
    memory.started_ns = process.started_ns;
    memory.when = when;
    memory.last = pump;
    pumps_.push_back(rates);
}

}  // namespace logpipe::tui
