// The transform's side of a pump: batches in, the same batches out, in order.
#pragma once

#include "pump_step.hpp"

namespace logpipe::runtime {

/// One thread. Only where the pump has a transform.
class transform_stepper final {
  public:
    explicit transform_stepper(pump_common& pump) : pump_{pump} {}

    [[nodiscard]] next_step step() {
        if (pump_.state.abandoned() || pump_.drained) return end();
        if (held_) return push();
        held_ = pump_.to_transform.try_pop();
        if (!held_) return pump_.to_transform.finished() ? end() : pump_.look_again();
        pump_.carrier.wake(pump_stage::source);
        pump_.stages.change->apply(*held_);
        pump_.state.transformed(*held_);
        pump_.state.taps().show(tap_point::transform, *held_);
        return push();
    }

  private:
    [[nodiscard]] next_step push() {
        if (!pump_.to_sink.try_push(*held_)) return pump_.to_sink.closed() ? end() : pump_.look_again();
        held_.reset();
        pump_.carrier.wake(pump_stage::sink);
        return at_once;
    }
    [[nodiscard]] next_step end() {
        pump_.to_sink.close();
        pump_.ended.at(static_cast<std::size_t>(pump_stage::transform)) = true;
        pump_.carrier.wake(pump_stage::sink);
        pump_.carrier.wake(pump_stage::source);
        return std::nullopt;
    }

    pump_common& pump_;
    std::optional<batch> held_;  // transformed, and waits for room
};

}  // namespace logpipe::runtime
