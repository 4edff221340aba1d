// Many histories, one after the other, and what is said of those that end badly.
#pragma once

#include "simulation/simulation.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace logpipe::sim {

struct seed_range {
    std::uint64_t first = 1;
    std::uint64_t count = 1;
    std::chrono::milliseconds length{0};  ///< of each history, in virtual time
    std::string repeat{};                 ///< the command that repeats a history, up to its seed
};

struct seeds_report {
    std::uint64_t histories = 0;
    std::uint64_t failed = 0;
    std::uint64_t events = 0;
    std::uint64_t faults = 0;
    std::chrono::duration<double> time{0};
};

/// Prints the story of each that fails, shortened, to standard output, and how far it is to standard error, every few
/// seconds. A history that ends in an assertion ends the process, with its seed on standard error.
/// @param stops  asked before each history whether it is the end
[[nodiscard]] seeds_report run_seeds(seed_range const& which,
                                     std::function<bool(seeds_report const& now)> const& stops);
[[nodiscard]] std::string to_text(seeds_report const& report);

}  // namespace logpipe::sim
