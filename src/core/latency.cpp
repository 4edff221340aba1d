#include "logpipe/latency.hpp"

#include <algorithm>
#include <numeric>

namespace logpipe {

void latency_histogram::add(double seconds, std::uint64_t events) noexcept {
    seconds = std::max(seconds, 0.0);
    auto const bucket = std::ranges::lower_bound(bounds_seconds, seconds) - bounds_seconds.begin();
    counts[static_cast<std::size_t>(bucket)] += events;
    sum_seconds += seconds * static_cast<double>(events);
}

std::uint64_t latency_histogram::count() const noexcept {
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

double latency_histogram::quantile(double share) const noexcept {
    auto const all = static_cast<double>(count());
    if (all == 0.0) return 0.0;
    auto const wanted = std::clamp(share, 0.0, 1.0) * all;
    double below = 0.0;
    for (std::size_t i = 0; i < bounds_seconds.size(); ++i) {
        auto const here = static_cast<double>(counts[i]);
        if (here > 0.0 && below + here >= wanted) {
            auto const lower = i == 0 ? 0.0 : bounds_seconds[i - 1];
            return lower + (bounds_seconds[i] - lower) * (wanted - below) / here;
        }
        below += here;
    }
    return bounds_seconds.back();
}

latency_histogram latency_histogram::since(latency_histogram const& before) const noexcept {
    latency_histogram newer = *this;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        if (before.counts[i] > counts[i]) return *this;  // it was restarted
        newer.counts[i] -= before.counts[i];
    }
    newer.sum_seconds = std::max(0.0, sum_seconds - before.sum_seconds);
    return newer;
}

}  // namespace logpipe
