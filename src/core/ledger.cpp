#include "logpipe/status.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace logpipe {

std::int64_t ledger::difference() const noexcept {
    auto const out = counts.done() + not_safe() + passed.all();
    return static_cast<std::int64_t>(counts.in - out);  // unsigned arithmetic wraps, so the sign comes out right
}

std::string ledger::line() const {
    auto out = fmt::format("in {} = indexed {} + already there {} + dead {} + in flight {}", counts.in, counts.indexed,
                           counts.duplicates, counts.dead, in_flight);
    if (taken > 0) out += fmt::format(" + taken {}", taken);
    if (counts.dropped > 0) out += fmt::format(" + dropped {}", counts.dropped);
    if (counts.routed > 0) out += fmt::format(" + routed {}", counts.routed);
    if (passed.skipped() > 0)
        out += fmt::format(" + skipped {} ({} tombstones, {} gaps)", passed.skipped(), passed.tombstones, passed.gaps);
    if (passed.expired > 0) out += fmt::format(" + expired {}", passed.expired);
    if (by_runs + by_retries > 0) out += fmt::format(" (of in: {} by runs, {} by retries)", by_runs, by_retries);
    return out;
}

std::uint64_t waiting_events(pump_snapshot const& pump) noexcept {
    return pump.backlog.value_or(0) + pump.book.not_safe();
}

bool all_up(process_snapshot const& process) noexcept {
    return std::ranges::all_of(
        process.pumps, [](pump_snapshot const& pump) { return std::ranges::all_of(pump.stages, &stage_status::up); });
}

}  // namespace logpipe
