#include "intake.hpp"

#include "forward_metrics.hpp"

#include <chrono>
#include <new>

namespace logpipe::forward {

namespace {

constexpr std::chrono::seconds drain_max{5};

}  // namespace

void intake::lacks_memory() {
    ++memory_stalls_;
    if (auto const count = trouble_.admit(); count != 0)
        log_error("forward_source: out of memory: a client has to wait ({} times)", count);
}

void intake::send_due_acks() {
    try {
        has_late_acks_ = true;
        if (acks_.send_due()) wake_();
        has_late_acks_ = false;
    } catch (std::bad_alloc const&) {
        say_short("acks have to wait");
    }
}

/// A line takes memory itself: without it nothing is said.
void intake::say_short(std::string_view what) noexcept {
    try {
        if (auto const count = trouble_.admit(); count != 0)
            log_error("forward_source: out of memory: {} ({} times)", what, count);
    } catch (std::bad_alloc const&) {
        return;
    }
}

void intake::feeder_left() {
    --feeders_;
    if (!stopping_ || feeders_ > 0) return;
    pass_parts({});
    inbox_.close();
}

void intake::tend() {
    if (has_late_acks_) send_due_acks();
    pass_parts({.now = world_.steady()});
}

/// Where memory is short, they wait for the next time; at the end there is none.
void intake::pass_parts(part_check const& which) {
    try {
        inbox_.put(which);
    } catch (std::bad_alloc const&) {
        say_short(which.now ? "parts of lines wait" : "parts of lines are lost");
    }
}

bool intake::stop() {
    if (std::exchange(stopping_, true)) return false;
    drain_until_ = world_.steady() + drain_max;
    return true;
}

void intake::abandon() {
    drain_until_ = {};
    wake_();
}

void intake::describe(stage_status& into) const {
    into.metrics.emplace_back(metrics::memory_stalls, memory_stalls_);
}

}  // namespace logpipe::forward
