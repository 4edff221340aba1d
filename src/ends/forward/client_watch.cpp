#include "client_watch.hpp"

#include "forward_metrics.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace logpipe::forward {

namespace asio = boost::asio;

namespace {

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds step_longest{1'000};
constexpr std::chrono::milliseconds step_shortest{10};
constexpr int steps_per_timeout = 10;

}  // namespace

/// Many checks in the shorter of the times, so that each is kept about as exactly as it was given.
asio::awaitable<void> client_watch::run() {
    auto shortest = step_longest * steps_per_timeout;
    for (auto const each : {times_.first_message, times_.message})
        if (each.count() > 0) shortest = std::min(shortest, each);
    auto const step = std::max(step_shortest, shortest / steps_per_timeout);
    while (!stopping_) {
        timer_.expires_after(step);
        co_await timer_.async_wait(nothrow);
        if (!stopping_) check(step);
    }
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

void client_watch::stop() {
    stopping_ = true;
    timer_.cancel();
}

void client_watch::describe(stage_status& into) const {
    into.metrics.emplace_back(metrics::connections_timed_out, timed_out_);
}

}  // namespace logpipe::forward
