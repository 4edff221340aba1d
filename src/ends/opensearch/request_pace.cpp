#include "request_pace.hpp"

#include "core/assert.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace logpipe::opensearch {

namespace {

/// One request more each time that all in flight were taken, and the whole body again after this many.
constexpr double responses_until_whole = 32;
/// Responses that take so many times the fastest wait in the target: more of them would only wait longer.
constexpr double slow_factor = 8;
/// A fast response of long ago is forgotten by a little with each other one.
constexpr double forgotten = 1.002;

}  // namespace

request_pace::request_pace(request_pace_options options)
    : options_{options},
      requests_{static_cast<double>(std::max<std::size_t>(1, options.requests_max))},
      bytes_{static_cast<double>(options.bytes_max)} {}

bool request_pace::begin(permit& one, steady_time now) {
    mutex_lock const lock{mutex_};
    auto const allowed = static_cast<std::size_t>(requests_);
    if (in_flight_ >= allowed) {
        refused_ = true;
        return false;
    }
    ++in_flight_;
    one = {.sent_at = now, .was_last = in_flight_ == allowed};
    return true;
}

void request_pace::end(permit const& one, response came, steady_time now) {
    mutex_lock const lock{mutex_};
    LOGPIPE_ASSERT(in_flight_ > 0);
    --in_flight_;
    if (came == response::taken) took_all(one, now);
    if (came == response::busy) was_busy(one, now);
    // Under the lock, so that none of them has left.
    if (std::exchange(refused_, false))
        for (auto const& [who, may_begin] : sinks_) may_begin();
}

void request_pace::took_all(permit const& one, steady_time now) {
    auto const seconds = std::chrono::duration<double>(now - one.sent_at).count();
    fastest_seconds_ = fastest_seconds_ == 0 ? seconds : std::min(seconds, fastest_seconds_ * forgotten);
    auto const bytes_max = static_cast<double>(options_.bytes_max);
    bytes_ = std::min(bytes_max, bytes_ + bytes_max / responses_until_whole);
    // Only what was all in use shows that there is room for more.
    if (!one.was_last || seconds > slow_factor * fastest_seconds_) return;
    requests_ =
        std::min(static_cast<double>(std::max<std::size_t>(1, options_.requests_max)), requests_ + 1 / requests_);
}

/// Requests that were sent before the last cut say what that one knew.
void request_pace::was_busy(permit const& one, steady_time now) {
    if (one.sent_at < cut_at_) return;
    cut_at_ = now;
    if (requests_ >= 2) {
        requests_ = std::max(1.0, requests_ / 2);
        return;
    }
    requests_ = 1;
    bytes_ = std::max(std::min(static_cast<double>(options_.bytes_min), bytes_), bytes_ / 2);
}

void request_pace::join(void const* who, std::function<void()> may_begin) {
    mutex_lock const lock{mutex_};
    sinks_[who] = std::move(may_begin);
}

void request_pace::leave(void const* who) {
    mutex_lock const lock{mutex_};
    sinks_.erase(who);
}

std::size_t request_pace::requests() const {
    mutex_lock const lock{mutex_};
    return static_cast<std::size_t>(requests_);
}

std::size_t request_pace::bytes() const {
    mutex_lock const lock{mutex_};
    return static_cast<std::size_t>(bytes_);
}

}  // namespace logpipe::opensearch
