#include "sink_stepper.hpp"

#include "core/assert.hpp"

#include <fmt/format.h>

#include <utility>

namespace logpipe::runtime {

sink_stepper::sink_stepper(pump_common& pump) : pump_{pump}, retry_{pump.retry_pace(), pump.world.random} {}

next_step sink_stepper::step() {
    if (pump_.state.abandoned() || pump_.drained) return end();
    if (!pump_.state.started()) return pump_.look_again();
    if (retry_.is_failing() && !retry_.is_due(pump_.world.steady())) return retry_.due();
    if (std::exchange(reopen_, false)) {
        auto opened = pump_.stages.to->open(*pump_.reports);
        if (!opened && is_hopeless(opened.error().code)) return give_up(opened.error());
        if (!opened) pump_.state.went_down(pump_stage::sink, opened.error());
    }
    return task_ == task::none ? pick() : go_on();
}

next_step sink_stepper::pick() {
    if (auto events = pump_.returned.try_pop()) {
        current_ = std::move(*events);
        task_ = task::settle;
        return go_on();
    }
    if (auto events = pump_.to_sink.try_pop()) {
        pump_.carrier.wake(pump_.stages.change ? pump_stage::transform : pump_stage::source);
        if (std::exchange(waits_to_flush_, false)) flush_delay_.more_came();
        current_ = std::move(*events);
        task_ = task::offer;
        return go_on();
    }
    return pick_flush();
}

next_step sink_stepper::pick_flush() {
    bool const is_last = pump_.to_sink.finished();
    if (!unflushed_ && !(is_last && pump_.state.has_taken())) return pump_.look_again();
    auto const now = pump_.world.steady();
    if (!is_last) {
        if (auto const until = flush_delay_.until(now); now < until) {
            waits_to_flush_ = true;
            return until;
        }
    }
    waits_to_flush_ = false;
    flush_since_ = now;
    task_ = task::flush;
    return go_on();
}

next_step sink_stepper::go_on() {
    if (task_ == task::flush) return flush();
    if (has_letters_to_put()) return put_letters();
    if (task_ == task::offer) return offer();
    finish(std::exchange(current_, {}));
    task_ = task::none;
    return at_once;
}

/// Makes the letters of all rejections durable that have none yet, before anything says that the batch is safe.
next_step sink_stepper::put_letters() {
    LOGPIPE_ASSERT(pump_.stages.dead != nullptr);
    if (letters_.empty()) letters_ = letters_of(current_, current_.counts.dead, pump_.world.now());
    if (auto put = pump_.stages.dead->put(letters_); !put) return failed(put.error());
    current_.counts.dead += letters_.size();
    letters_put_ += letters_.size();
    letters_.clear();
    if (!has_letters_to_put()) {
        auto const count = std::exchange(letters_put_, 0);
        if (auto const lines = dead_lines_.admit(); lines != 0)
            log_warn("{}: {} went to the dead letters, the newest: {}: {} ({} such lines)", pump_.options.name,
                     count == 1 ? "an event" : fmt::format("{} events", count), current_.rejections.back().stage,
                     current_.rejections.back().reason, lines);
    }
    return worked(task_);
}

next_step sink_stepper::offer() {
    auto const written = pump_.stages.to->write(current_);
    if (written) {
        unflushed_ = true;
        current_ = {};
        return worked(task::none);
    }
    if (written.error().code != errc::rejected) return failed(written.error());
    // A sink that has named events itself rejects those.
    if (!has_letters_to_put()) reject_rest(current_, written.error());
    return worked(task::offer);
}

next_step sink_stepper::flush() {
    // Nothing more comes once the channel has ended, and the pump ends when all is safe.
    bool const is_last = pump_.to_sink.finished();
    auto const flushed = is_last ? pump_.stages.to->make_safe() : pump_.stages.to->flush();
    if (!flushed) return failed(flushed.error());
    unflushed_ = false;
    flush_delay_.flushed(pump_.world.steady() - flush_since_);
    auto const next = worked(task::none);
    // What a sink makes safe later it says by itself; it is asked again now and then, not in a circle.
    return is_last ? next_step{pump_.look_again()} : next;
}

next_step sink_stepper::worked(task next) {
    retry_.worked();
    pump_.state.came_up(pump_stage::sink);
    task_ = next;
    return at_once;
}

next_step sink_stepper::failed(error const& reason) {
    // Asked to by abandon(), or the sink itself knows that it is pointless to go on.
    if (is_hopeless(reason.code)) return give_up(reason);
    pump_.state.went_down(pump_stage::sink, reason);
    reopen_ = needs_open(reason.code);
    return retry_.failed(pump_.world.steady(), longest_wait(reason.code));
}

next_step sink_stepper::give_up(error const& reason) {
    pump_.state.fail(reason);
    pump_.abandon();
    return at_once;
}

next_step sink_stepper::end() {
    pump_.ended.at(static_cast<std::size_t>(pump_stage::sink)) = true;
    pump_.carrier.wake(pump_stage::source);
    return std::nullopt;
}

void sink_stepper::finish(batch&& events) {
    pump_.state.complete(std::move(events));
    pump_.stages.from->wake();
    pump_.carrier.wake(pump_stage::source);
}

}  // namespace logpipe::runtime
