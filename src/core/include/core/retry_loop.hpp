// When what has failed is retried: back-off, for a caller that steps through time. It never waits by itself.
#pragma once

#include "core/backoff.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

namespace logpipe {

/// One thread.
class retry_loop final {
  public:
    using time_point = std::chrono::steady_clock::time_point;

    /// @param random  seeds the jitter; asked at the first failure after a success
    retry_loop(backoff_options pace, std::function<std::uint64_t()> random) : pace_{pace}, random_{std::move(random)} {}

    /// @param at_most  bounds this wait, not the ones after it
    /// @return when to try again
    time_point failed(time_point now, std::chrono::milliseconds at_most = std::chrono::milliseconds::max()) {
        if (!wait_) wait_.emplace(pace_, random_());
        due_ = now + std::min(wait_->next(), at_most);
        ++failures_;
        return due_;
    }
    /// The next failure waits as the first one did.
    void worked() noexcept {
        wait_.reset();
        due_ = {};
    }

    /// @return whether there is nothing to wait for
    [[nodiscard]] bool is_due(time_point now) const noexcept { return now >= due_; }
    [[nodiscard]] time_point due() const noexcept { return due_; }
    [[nodiscard]] bool is_failing() const noexcept { return wait_.has_value(); }
    /// Since it was made.
    [[nodiscard]] std::uint64_t failures() const noexcept { return failures_; }

  private:
    backoff_options pace_;
    std::function<std::uint64_t()> random_;
    std::optional<backoff> wait_;
    time_point due_{};
    std::uint64_t failures_ = 0;
};

}  // namespace logpipe
