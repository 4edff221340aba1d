// Time that goes on only where somebody says so, and the world that it makes.
#pragma once

#include "core/environment.hpp"
#include "logpipe/stage.hpp"

#include <chrono>
#include <cstdint>
#include <random>

namespace logpipe::sim {

/// The time of all that lives in one simulation. It starts long before that of this machine, so that what waits by the
/// machine's clock does not wait.
struct virtual_time {
    steady_time now{std::chrono::seconds{1}};
    std::int64_t wall_begin_ns = 1'700'000'000'000'000'000;

    [[nodiscard]] std::int64_t running_ns() const { return now.time_since_epoch() / std::chrono::nanoseconds{1}; }
    /// @param random  outlives the world, as the time does
    [[nodiscard]] environment world(file_system& files, std::mt19937_64& random) {
        return {.files = &files,
                .now = [this] { return wall_begin_ns + running_ns(); },
                .running = [this] { return running_ns(); },
                .steady = [this] { return now; },
                .random = [&random] { return random() | 1U; }};
    }
};

}  // namespace logpipe::sim
