// The pump as a state machine: the three steppers of one pump, and what the sink reports in between. It has no thread;
// pump.cpp gives each stepper one, and a simulation steps them in any order it likes.
#pragma once

#include "sink_stepper.hpp"
#include "source_stepper.hpp"
#include "transform_stepper.hpp"

#include <memory>

namespace logpipe::runtime {

/// Each stage is stepped by one thread; any thread may call the rest.
class pump_stepper final : private completions {
  public:
    pump_stepper(pump_stages stages, pump_options options, environment world, pump_carrier carrier);
    /// All steppers have ended, or will not be stepped again.
    ~pump_stepper() override;
    pump_stepper(pump_stepper const&) = delete;
    pump_stepper& operator=(pump_stepper const&) = delete;

    [[nodiscard]] next_step step(pump_stage which);

    // As pump promises.
    void stop() { common_.stop(); }
    void abandon() { common_.abandon(); }
    [[nodiscard]] bool wait_until(steady_time until) { return common_.state.wait_finished(until); }
    [[nodiscard]] std::optional<error> failure() const { return common_.state.failure(); }
    [[nodiscard]] pump_snapshot snapshot() const;
    [[nodiscard]] std::unique_ptr<tap_reader> tap(std::string_view stage, std::uint64_t sample);

  private:
    // Whatever thread the sink reports from.
    void taken(batch& events) override;
    void done(batch&& finished) override;
    [[nodiscard]] bool takes_parts() const override { return true; }

    [[nodiscard]] stage_status with_reason(stage_status status, pump_stage which) const;

    pump_common common_;
    source_stepper source_;
    transform_stepper transform_;
    sink_stepper sink_;
};

}  // namespace logpipe::runtime
