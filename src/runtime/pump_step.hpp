// How a pump goes on: each of its stages has a stepper, and each step makes at most one call that may wait (of a stage,
// or of the dead letters). A step never sleeps: it says when the next one is due. Who carries the steppers, threads or
// a simulation, makes that step then, or sooner when the stepper is woken.
#pragma once

#include "core/batch_channel.hpp"
#include "core/environment.hpp"
#include "pump_rules.hpp"
#include "pump_state.hpp"
#include "runtime/pump.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <utility>

namespace logpipe::runtime {

/// When a stepper's next step is due at the latest; none: it has come to its end. A step too early does no harm.
using next_step = std::optional<steady_time>;
inline constexpr steady_time at_once = steady_time::min();
/// A waiting stepper looks around that often, whatever else happens.
inline constexpr std::chrono::seconds look_interval{1};

/// What carries the steppers.
struct pump_carrier {
    /// That stage's next step is due. Any thread.
    std::function<void(pump_stage)> wake;
    /// How long a read of the source may wait.
    std::chrono::milliseconds read_wait_max{1000};
};

/// What the steppers of one pump share.
struct pump_common {
    pump_common(pump_stages ends, pump_options how, environment in, pump_carrier by)
        : options{std::move(how)},
          stages{std::move(ends)},
          world{std::move(in)},
          carrier{std::move(by)},
          state{options, world},
          to_transform{bounds()},
          to_sink{bounds()},
          returned{{.batches_max = SIZE_MAX, .bytes_max = SIZE_MAX}} {}

    [[nodiscard]] channel_bounds bounds() const {
        return {.batches_max = options.queue_batches_max, .bytes_max = options.queue_bytes_max};
    }
    [[nodiscard]] backoff_options retry_pace() const {
        return {.first = options.retry_first, .longest = options.retry_longest};
    }
    [[nodiscard]] steady_time look_again() const { return world.steady() + look_interval; }
    void wake_all() const {
        carrier.wake(pump_stage::source);
        carrier.wake(pump_stage::transform);
        carrier.wake(pump_stage::sink);
    }
    /// Takes nothing new in; what is there goes through. Any thread.
    void stop() {
        stopping = true;
        stages.from->stop();
        stages.from->wake();
        carrier.wake(pump_stage::source);
    }
    /// Gives up what is in flight. Any thread.
    void abandon() {
        state.abandon();
        stop();
        stages.to->cancel();
        if (stages.dead != nullptr) stages.dead->cancel();
        to_transform.close();
        to_sink.close();
        returned.close();
        wake_all();
    }

    pump_options const options;
    pump_stages stages;
    completions* reports = nullptr;  ///< the sink's; set before the first step
    environment const world;
    pump_carrier const carrier;
    pump_state state;
    batch_channel to_transform;
    batch_channel to_sink;
    batch_channel returned;  // with the sink's rejections; unbounded: what is in it was in flight, which is bounded
    std::atomic<bool> stopping{false};
    std::atomic<bool> drained{false};                          // all is safe, or nothing more can be: the others end
    std::array<std::atomic<bool>, pump_stages_count> ended{};  // steppers that will make no more calls
    std::optional<event_counts> stored_before;  // as the sink keeps it; set before state.start(), read after
};

}  // namespace logpipe::runtime
