// When a produce run gives up on a receiver that does not answer.
#pragma once

#include "logpipe/status.hpp"

#include <chrono>
#include <cstdint>

namespace logpipe::cli {

/// One thread.
class stall_timer final {
  public:
    /// @param time_max  zero: never
    explicit stall_timer(std::chrono::milliseconds time_max);

    /// Nothing became safe for that long though something waited to be sent. A source that has nothing does not count.
    [[nodiscard]] bool expired(pump_snapshot const& now);

  private:
    std::chrono::milliseconds const time_max_;
    std::chrono::steady_clock::time_point since_;
    std::uint64_t safe_before_ = 0;
};

}  // namespace logpipe::cli
