// Waiting times between tries: doubled each time up to a bound, with jitter so that many clients do not come back at
// once.
#pragma once

#include <chrono>
#include <cstdint>
#include <random>

namespace logpipe {

struct backoff_options {
    std::chrono::milliseconds first{100};
    std::chrono::milliseconds longest{10'000};
};

/// One thread.
class backoff final {
  public:
    explicit backoff(backoff_options options = {}, std::uint64_t seed = std::random_device{}());

    /// The next wait: between half of and the whole of the doubled time.
    [[nodiscard]] std::chrono::milliseconds next();
    /// After a success.
    void reset() noexcept { wait_ = options_.first; }

  private:
    backoff_options options_;
    std::chrono::milliseconds wait_;
    std::minstd_rand random_;
};

}  // namespace logpipe
