// A pump without threads, in a time of its own: it steps whichever stage is due, chosen by chance, and time goes on
// where none is. Its user's folder must see the pump's own headers.
#pragma once

#include "pump_stepper.hpp"
#include "support/virtual_time.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace logpipe::test {

class stepped_pump final {
  public:
    stepped_pump(runtime::pump_stages stages, runtime::pump_options options, virtual_time& time,
                 std::mt19937_64& random, file_system& files = system_files())
        : time_{time},
          random_{random},
          has_transform_{stages.change != nullptr},
          steps_{std::move(stages),
                 std::move(options),
                 time.world(files, random),
                 {.wake = [this](runtime::pump_stage which) { due_.at(index_of(which)) = runtime::at_once; },
                  .read_wait_max = std::chrono::milliseconds{0}}} {
        ended_.at(index_of(runtime::pump_stage::transform)) = !has_transform_;
    }

    /// One step of a stage that is due; where none is, time goes on to when one will be.
    /// @return false when all have come to their end
    bool step() {
        std::vector<std::size_t> ready;
        auto earliest = steady_time::max();
        for (std::size_t i = 0; i < runtime::pump_stages_count; ++i) {
            if (ended_[i]) continue;
            if (due_[i] <= time_.now) ready.push_back(i);
            earliest = std::min(earliest, due_[i]);
        }
        if (earliest == steady_time::max()) return false;
        if (ready.empty()) {
            time_.now = earliest;
            return true;
        }
        auto const chosen = ready[random_() % ready.size()];
        // A wake-up during the step makes the next one due.
        due_[chosen] = steady_time::max() - std::chrono::hours{1};
        auto const next = steps_.step(static_cast<runtime::pump_stage>(chosen));
        ended_[chosen] = !next.has_value();
        if (next) due_[chosen] = std::min(due_[chosen], *next);
        return true;
    }
    /// Until all have come to their end. @return false after `steps_max`
    [[nodiscard]] bool run(std::uint64_t steps_max = 1'000'000) {
        for (std::uint64_t i = 0; i < steps_max; ++i)
            if (!step()) return true;
        return false;
    }
    /// Until `is_done`. @return false after `steps_max`, or when all have come to their end before
    template <class Condition>
    [[nodiscard]] bool run_until(Condition is_done, std::uint64_t steps_max = 1'000'000) {
        for (std::uint64_t i = 0; i < steps_max; ++i) {
            if (is_done()) return true;
            if (!step()) return is_done();
        }
        return false;
    }

    [[nodiscard]] runtime::pump_stepper& operator*() noexcept { return steps_; }
    [[nodiscard]] runtime::pump_stepper* operator->() noexcept { return &steps_; }

  private:
    static std::size_t index_of(runtime::pump_stage which) noexcept { return static_cast<std::size_t>(which); }

    virtual_time& time_;
    std::mt19937_64& random_;
    bool const has_transform_;
    std::array<steady_time, runtime::pump_stages_count> due_{runtime::at_once, runtime::at_once, runtime::at_once};
    std::array<bool, runtime::pump_stages_count> ended_{};
    runtime::pump_stepper steps_;
};

}  // namespace logpipe::test
