#include "ended_logs.hpp"

#include "docker_metrics.hpp"

#include <fmt/format.h>

namespace logpipe::docker {

std::uint64_t ended_logs::ended(std::string const& id, std::string_view name, std::string_view reason,
                                steady_time begun, steady_time now) {
    mutex_lock const lock{mutex_};
    auto& mine = rows_[id];
    if (now - begun >= recovery_time) mine.count = 0;
    mine.last = now;
    mine.name = name;
    mine.reason = reason;
    return ++mine.count;
}

void ended_logs::forget(std::string const& id) {
    mutex_lock const lock{mutex_};
    rows_.erase(id);
}

void ended_logs::describe(stage_status& into, steady_time now) const {
    mutex_lock const lock{mutex_};
    std::uint64_t degraded = 0;
    std::string first;
    for (auto const& [id, mine] : rows_) {
        if (mine.count < count_min || now - mine.last >= recovery_time) continue;
        if (degraded++ == 0)
            first = fmt::format("the log of {} ended {} times in a row ({})", mine.name, mine.count, mine.reason);
    }
    into.metrics.emplace_back(metrics::containers_degraded, degraded);
    if (degraded == 0 || !into.reason.empty()) return;
    into.reason = fmt::format("degraded: {}{}; reading resumes each time, but late; see the engine's own log", first,
                              degraded > 1 ? fmt::format(", and those of {} other containers", degraded - 1) : "");
}

}  // namespace logpipe::docker
