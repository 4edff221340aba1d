// How long to wait for more before a flush. A flush of the journal or of SQLite costs the same for one batch as for
// many, and clients that wait for their acks send at about the same time, a little apart: a flush at the first
// of them makes the others wait out a second flush. One thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace logpipe::runtime {

class flush_delay final {
  public:
    using clock = std::chrono::steady_clock;

    /// How long it pays to wait before the flush that is due: for half of what a flush takes, or not at all. Where the
    /// last waits were in vain (a single client), ever fewer are tried. The same until flushed().
    [[nodiscard]] clock::time_point until(clock::time_point now) noexcept {
        if (until_) return *until_;
        waits_ = flush_time_ >= flush_time_min && skips_left_ == 0;
        if (!waits_ && skips_left_ > 0) --skips_left_;
        until_ = waits_ ? now + std::min(flush_time_ / 2, longest) : now;
        return *until_;
    }

    /// Within that time.
    void more_came() noexcept { more_came_ = true; }

    void flushed(clock::duration took) noexcept {
        flush_time_ += (took - flush_time_) / 8;
        if (waits_) skips_left_ = skips_ = more_came_ ? 0 : std::min(2 * skips_ + 1, skips_max);
        until_.reset();
        waits_ = more_came_ = false;
    }

  private:
    static constexpr clock::duration longest = std::chrono::milliseconds{2};
    // Below this there is nothing to share: a sink that does not sync.
    static constexpr clock::duration flush_time_min = std::chrono::microseconds{100};
    static constexpr std::uint32_t skips_max = 63;

    clock::duration flush_time_{0};  // running mean
    std::optional<clock::time_point> until_;
    bool waits_ = false;
    bool more_came_ = false;
    std::uint32_t skips_ = 0;
    std::uint32_t skips_left_ = 0;
};

}  // namespace logpipe::runtime
