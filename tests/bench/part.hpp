// Pieces of work that are done over and over on one thread. parts.cpp measures them by time, or does a fixed number of
// rounds for instruction_counts.py.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace logpipe::bench {

/// Ready to go; what `round` works on lives in it.
struct prepared_part {
    std::uint64_t events = 0;  ///< of a round
    std::uint64_t bytes = 0;   ///< of the lines of a round
    std::function<void()> round;
};

struct part {
    std::string name;
    std::function<prepared_part()> prepare;
    bool waits = false;  ///< for the disk: its time by the clock is what counts
};

[[nodiscard]] std::vector<part> demo_parts();
[[nodiscard]] std::vector<part> forward_parts();
[[nodiscard]] std::vector<part> journal_parts();
[[nodiscard]] std::vector<part> normalize_parts();
[[nodiscard]] std::vector<part> opensearch_parts();

}  // namespace logpipe::bench
