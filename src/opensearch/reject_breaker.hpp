// Holds the sink when most of what it sends is refused: a wrong mapping must not empty a topic into the dead letters.
#pragma once

#include <cstddef>
#include <vector>

namespace logpipe {

/// Looks at the newest `window` items. Once it has tripped it stays so. One thread.
class reject_breaker final {
  public:
    /// @param rejects_min  0: it never trips
    reject_breaker(std::size_t window, std::size_t rejects_min) : newest_(window, false), rejects_min_{rejects_min} {}

    void count(bool rejected) noexcept {
        if (newest_.empty()) return;
        if (newest_[next_]) --rejects_;
        newest_[next_] = rejected;
        if (rejected) ++rejects_;
        next_ = (next_ + 1) % newest_.size();
        if (counted_ < newest_.size()) ++counted_;
        if (rejects_min_ != 0 && rejects_ >= rejects_min_ && 2 * rejects_ > counted_) tripped_ = true;
    }
    [[nodiscard]] bool tripped() const noexcept { return tripped_; }
    [[nodiscard]] std::size_t rejects() const noexcept { return rejects_; }
    [[nodiscard]] std::size_t counted() const noexcept { return counted_; }

  private:
    std::vector<bool> newest_;  // a ring; true: rejected
    std::size_t const rejects_min_;
    std::size_t next_ = 0;
    std::size_t counted_ = 0;
    std::size_t rejects_ = 0;
    bool tripped_ = false;
};

}  // namespace logpipe
