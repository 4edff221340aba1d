#include "source_stepper.hpp"

namespace logpipe::runtime {

source_stepper::source_stepper(pump_common& pump)
    : pump_{pump}, opening_{pump.retry_pace(), pump.world.random}, reading_{pump.retry_pace(), pump.world.random} {}

next_step source_stepper::step() {
    if (pump_.state.abandoned() && phase_ < phase::close) return go_on(phase::close);
    auto const now = pump_.world.steady();
    if (!opening_.is_due(now)) return opening_.due();
    if (!reading_.is_due(now)) return reading_.due();
    switch (phase_) {
        case phase::open_source:
        case phase::reopen_source:
            return open_source();
        case phase::open_sink:
            return open_sink();
        case phase::read:
            return read();
        case phase::drain:
            return drain();
        case phase::close:
            return close();
        case phase::ended:
            return std::nullopt;
    }
    return std::nullopt;
}

next_step source_stepper::go_on(phase with) {
    phase_ = with;
    opening_.worked();
    if (with == phase::close) reading_.worked();
    return at_once;
}

next_step source_stepper::retry(retry_loop& waiting, pump_stage which, error const& reason, phase when_stopped) {
    pump_.state.went_down(which, reason);
    if (!pump_.stopping) return waiting.failed(pump_.world.steady());
    return when_stopped == phase::drain ? end_reading() : go_on(when_stopped);
}

next_step source_stepper::give_up(error const& reason) {
    pump_.state.fail(reason);
    return phase_ == phase::read || phase_ == phase::reopen_source ? end_reading() : go_on(phase::close);
}

next_step source_stepper::open_source() {
    auto const reading = phase_ == phase::reopen_source;
    if (!opening_.is_failing()) opening_since_ = pump_.world.steady();
    if (auto opened = pump_.stages.from->open(); !opened) {
        auto const& reason = opened.error();
        auto const failing_for = pump_.world.steady() - opening_since_;
        bool const is_final = pump_.options.source_failure_is_final || is_hopeless(reason.code) ||
                              (!was_open_ && ends_at_start(pump_stage::source, reason.code, failing_for));
        auto const next = is_final ? give_up(reason)
                                   : retry(opening_, pump_stage::source, reason, reading ? phase::drain : phase::close);
        if (phase_ == phase::close) show_sink();
        return next;
    }
    was_open_ = true;
    pump_.state.came_up(pump_stage::source);
    if (!reading) pump_.state.source_opened();
    return go_on(reading ? phase::read : phase::open_sink);
}

/// A run that ends names both of its ends that fail: the operator need not find the second one by another run.
void source_stepper::show_sink() {
    if (!pump_.state.failure() || pump_.state.abandoned() || !pump_.options.source_failure_is_final) return;
    if (auto opened = pump_.stages.to->open(*pump_.reports); !opened)
        pump_.state.is_down(pump_stage::sink, opened.error());
}

next_step source_stepper::open_sink() {
    if (auto opened = start_where_stored(); !opened) {
        if (ends_at_start(pump_stage::sink, opened.error().code, {})) return give_up(opened.error());
        return retry(opening_, pump_stage::sink, opened.error(), phase::close);
    }
    pump_.state.came_up(pump_stage::sink);
    pump_.state.start();
    into_ = pump_.state.take_buffer();
    return go_on(phase::read);
}

result<> source_stepper::start_where_stored() {
    auto& [from, change, to, dead] = pump_.stages;
    if (auto opened = to->open(*pump_.reports); !opened) return opened.error();
    auto stored = to->stored(from->identity());
    if (!stored) return stored.error();
    if (!*stored) return {};
    event_counts before;
    std::vector<position> positions;
    for (auto const& each : **stored) {
        before += each.counts;
        positions.push_back(each.safe);
    }
    if (auto sought = positions.empty() ? from->seek_oldest() : from->seek(positions); !sought) return sought;
    pump_.stored_before = before;
    return {};
}

next_step source_stepper::read() {
    commit_progress();
    if (has_batch_) {
        if (!next().try_push(into_)) return next().closed() ? end_reading() : pump_.look_again();
        has_batch_ = false;
        into_ = pump_.state.take_buffer();
        wake_next();
        return at_once;
    }
    // Only this stepper fills the channel, so with room there a batch that is read need not wait, and an ack neither.
    if (!pump_.state.has_room() || next().count() >= pump_.options.queue_batches_max) return pump_.look_again();
    if (auto got = pump_.stages.from->read(into_, pump_.world.steady() + pump_.carrier.read_wait_max); !got)
        return survive(got.error());
    reading_.worked();
    if (into_.empty()) return pump_.carrier.read_wait_max.count() > 0 ? at_once : pump_.look_again();
    pump_.state.came_up(pump_stage::source);
    pump_.state.add(into_);
    has_batch_ = true;
    return at_once;
}

next_step source_stepper::survive(error const& reason) {
    if (reason.code == errc::end_of_input) return end_reading();
    if (pump_.options.source_failure_is_final || is_hopeless(reason.code)) return give_up(reason);
    auto const next = retry(reading_, pump_stage::source, reason, phase::drain);
    if (phase_ == phase::read && needs_open(reason.code)) phase_ = phase::reopen_source;
    return next;
}

next_step source_stepper::end_reading() {
    next().close();
    wake_next();
    return go_on(phase::drain);
}

next_step source_stepper::drain() {
    commit_progress();
    return pump_.state.all_safe() ? go_on(phase::close) : pump_.look_again();
}

next_step source_stepper::close() {
    pump_.drained = true;
    auto const others_ended = pump_.ended.at(static_cast<std::size_t>(pump_stage::transform)) &&
                              pump_.ended.at(static_cast<std::size_t>(pump_stage::sink));
    if (!others_ended) {
        pump_.carrier.wake(pump_stage::transform);
        pump_.carrier.wake(pump_stage::sink);
        return pump_.look_again();
    }
    commit_progress();
    if (pump_.state.abandoned()) pump_.state.fail({errc::cancelled, "given up before everything was safe"});
    pump_.ended.at(static_cast<std::size_t>(pump_stage::source)) = true;
    phase_ = phase::ended;
    pump_.state.finish();
    return std::nullopt;
}

void source_stepper::commit_progress() {
    for (auto const& each : pump_.state.take_progress()) merge(uncommitted_, each);
    if (uncommitted_.empty()) return;
    if (auto committed = pump_.stages.from->commit(uncommitted_); !committed) {
        // The position stays before what is safe: at worst events come again and meet their ids.
        pump_.state.went_down(pump_stage::source, committed.error());
        return;
    }
    uncommitted_.clear();
    pump_.state.came_up(pump_stage::source);
}

void source_stepper::wake_next() const {
    pump_.carrier.wake(pump_.stages.change ? pump_stage::transform : pump_stage::sink);
}

}  // namespace logpipe::runtime
