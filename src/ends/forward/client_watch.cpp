#include "client_watch.hpp"

#include "forward_metrics.hpp"

#include <algorithm>
#include <utility>

namespace logpipe::forward {

namespace {

constexpr std::chrono::milliseconds interval_max{1'000};
constexpr std::chrono::milliseconds interval_min{10};
constexpr int checks_per_timeout = 10;

}  // namespace

std::chrono::milliseconds client_watch::interval() const {
    auto shortest = interval_max * checks_per_timeout;
    for (auto const each : {times_.first_message, times_.message})
        if (each.count() > 0) shortest = std::min(shortest, each);
    return std::max(interval_min, shortest / checks_per_timeout);
}

void client_watch::check(std::chrono::milliseconds passed) {
    for (auto const& peer : peers_) {
        if (!peer->is_awaited || peer->link->closed()) continue;
        auto reason = peer->pace.wait(passed, times_);
        if (reason.empty()) continue;
        ++timed_out_;
        peer->link->close(std::move(reason));
    }
}

void client_watch::describe(stage_status& into) const {
    into.metrics.emplace_back(metrics::connections_timed_out, timed_out_);
}

}  // namespace logpipe::forward
