// What a part takes from the world: times, chance, the disk and memory. A test or a simulation hands in another world.
#pragma once

#include "core/clock.hpp"
#include "core/file.hpp"
#include "core/memory_budget.hpp"

#include <chrono>
#include <cstdint>
#include <functional>

namespace logpipe {

/// 64 random bits from the system, never 0. Any thread.
[[nodiscard]] std::uint64_t random_number();

/// Its functions may be called by any thread that the part has.
struct environment {
    file_system* files = &system_files();       ///< outlives the part
    memory_budget* memory = &process_memory();  ///< outlives the part
    wall_clock now = now_ns;
    wall_clock running = running_time_ns;
    /// Deadlines are measured by it.
    std::function<std::chrono::steady_clock::time_point()> steady = std::chrono::steady_clock::now;
    std::function<std::uint64_t()> random = random_number;
};

}  // namespace logpipe
