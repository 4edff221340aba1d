#include "pump_stepper.hpp"

#include <utility>

namespace logpipe::runtime {

pump_stepper::pump_stepper(pump_stages stages, pump_options options, environment world, pump_carrier carrier)
    : common_{std::move(stages), std::move(options), std::move(world), std::move(carrier)},
      source_{common_},
      transform_{common_},
      sink_{common_} {
    common_.reports = this;
    common_.ended.at(static_cast<std::size_t>(pump_stage::transform)) = common_.stages.change == nullptr;
}

pump_stepper::~pump_stepper() {
    common_.stages.to.reset();  // it may report until it is gone
    common_.stages.from.reset();
}

next_step pump_stepper::step(pump_stage which) {
    switch (which) {
        case pump_stage::source:
            return source_.step();
        case pump_stage::transform:
            return common_.stages.change ? transform_.step() : std::nullopt;
        case pump_stage::sink:
            return sink_.step();
    }
    return std::nullopt;
}

void pump_stepper::taken(batch& events) {
    if (common_.state.take(events)) common_.carrier.wake(pump_stage::source);
}

void pump_stepper::done(batch&& finished) {
    if (!needs_letters(finished)) {
        sink_.finish(std::move(finished));
        return;
    }
    [[maybe_unused]] bool const pushed = common_.returned.try_push(finished);  // not after abandon()
    common_.carrier.wake(pump_stage::sink);
}

pump_snapshot pump_stepper::snapshot() const {
    pump_snapshot out;
    auto const& stages = common_.stages;
    common_.state.write_to(out);
    out.book.counts = out.this_run;
    // What the source has kept holds until the sink says that it has kept better figures.
    if (out.source_known) {
        auto const counted = stages.from->counted();
        if (common_.options.continues_sink && !counted) out.held_before = stages.to->held_before();
        out.book.counts +=
            out.started && common_.stored_before ? *common_.stored_before : counted.value_or(event_counts{});
        out.book.counts.in += out.held_before.value_or(0);
        out.book.counts.indexed += out.held_before.value_or(0);
        out.book.passed = stages.from->passed();
        out.book.counts.in += out.book.passed.all();
    }
    out.backlog = stages.from->backlog();
    out.read_progress = stages.from->read_progress();
    out.queued_batches = common_.to_transform.count() + common_.to_sink.count();
    out.queued_batches_max = common_.options.queue_batches_max * (stages.change ? 2 : 1);
    out.stages.push_back(with_reason(stages.from->status(), pump_stage::source));
    if (stages.change) out.stages.push_back(stages.change->status());
    out.stages.push_back(with_reason(stages.to->status(), pump_stage::sink));
    if (!out.started && !out.finished && out.stages.back().up) {
        out.stages.back().up = false;
        out.stages.back().reason = "it is being opened";
    }
    return out;
}

std::unique_ptr<tap_reader> pump_stepper::tap(std::string_view stage, std::uint64_t sample) {
    return common_.state.taps().add(common_.stages, common_.options.name, stage, sample);
}

stage_status pump_stepper::with_reason(stage_status status, pump_stage which) const {
    if (auto down = common_.state.down_reason(which)) {
        status.up = false;
        status.hint = hint_of(down->code);
        status.reason = std::move(down->message);
    }
    return status;
}

}  // namespace logpipe::runtime
