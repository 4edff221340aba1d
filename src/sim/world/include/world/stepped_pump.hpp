// A pump without threads, in virtual time: it steps whichever stage is due, chosen by chance, and time goes on
// where none is. Its user's folder must see the pump's own headers.
#pragma once

#include "pump_stepper.hpp"
#include "world/virtual_time.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <utility>
#include <vector>

namespace logpipe::sim {

class stepped_pump final {
  public:
    stepped_pump(runtime::pump_stages stages, runtime::pump_options options, virtual_time& time,
                 std::mt19937_64& random, file_system& files = system_files())
        : stepped_pump{std::move(stages), std::move(options), time, random, time.world(files, random)} {}
    stepped_pump(runtime::pump_stages stages, runtime::pump_options options, virtual_time& time,
                 std::mt19937_64& random, environment world)
        : time_{time},
          random_{random},
          has_transform_{stages.change != nullptr},
          steps_{std::move(stages),
                 std::move(options),
                 std::move(world),
                 {.wake = [this](runtime::pump_stage which) { due_.at(index_of(which)) = runtime::at_once; },
                  .read_wait_max = std::chrono::milliseconds{0}}} {
        ended_.at(index_of(runtime::pump_stage::transform)) = !has_transform_;
    }

    /// When a stage is due at the latest; none: all have come to their end.
    [[nodiscard]] std::optional<steady_time> due() const {
        auto earliest = steady_time::max();
        for (std::size_t i = 0; i < runtime::pump_stages_count; ++i)
            if (!ended_[i]) earliest = std::min(earliest, due_[i]);
        return earliest == steady_time::max() ? std::nullopt : std::optional{earliest};
    }
    /// One step of a stage that is due, if any.
    void step_due() {
        std::vector<std::size_t> ready;
        for (std::size_t i = 0; i < runtime::pump_stages_count; ++i)
            if (!ended_[i] && due_[i] <= time_.now) ready.push_back(i);
        if (ready.empty()) return;
        auto const chosen = ready[random_() % ready.size()];
        // A wake-up during the step makes the next one due.
        due_[chosen] = steady_time::max() - std::chrono::hours{1};
        auto const next = steps_.step(static_cast<runtime::pump_stage>(chosen));
        ended_[chosen] = !next.has_value();
        if (next) due_[chosen] = std::min(due_[chosen], *next);
    }
    /// A step too early does no harm.
    void wake(runtime::pump_stage which) { due_.at(index_of(which)) = runtime::at_once; }
    /// As step_due(); where none is, time goes on to when one will be.
    /// @return false when all have come to their end
    bool step() {
        auto const earliest = due();
        if (!earliest) return false;
        if (*earliest <= time_.now)
            step_due();
        else
            time_.now = *earliest;
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

}  // namespace logpipe::sim
