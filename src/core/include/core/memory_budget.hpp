// What a process holds of its input, by holder, and whether that is more than it should: then those that read wait
// until others have let go. It bounds by waiting, not by failing: each reader may go on with the one thing without
// which nothing would ever be let go.
#pragma once

#include "core/log.hpp"
#include "core/mutex.hpp"
#include "logpipe/memory.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

namespace logpipe {

/// What becomes of --memory-max. The rest is the program's: its code, stacks, caches of libraries, and what the
/// allocator keeps.
struct memory_shares {
    std::size_t held = 0;  ///< of all that is held; 0: no limit
    std::size_t largest =
        0;  ///< of one message or body, which may go on beyond that where memory is short; 0: no limit
};
[[nodiscard]] constexpr memory_shares share_memory(std::size_t bytes) noexcept {
    return {.held = bytes / 8 * 3, .largest = bytes / 4};
}

/// Any thread.
class memory_budget final {
  public:
    memory_budget() = default;
    memory_budget(memory_budget const&) = delete;
    memory_budget& operator=(memory_budget const&) = delete;

    void set_limits(memory_shares limits) noexcept {
        max_ = limits.held;
        largest_ = limits.largest;
    }
    [[nodiscard]] memory_shares limits() const noexcept { return {.held = max_, .largest = largest_}; }
    [[nodiscard]] std::size_t held() const noexcept { return held_; }
    [[nodiscard]] bool is_short() const noexcept {
        auto const most = max_.load(std::memory_order_relaxed);
        return most != 0 && held_.load(std::memory_order_relaxed) > most;
    }
    /// Somebody begins to wait for memory.
    void waited();
    /// Holders in the order of their names.
    [[nodiscard]] memory_status status() const;

  private:
    friend class memory_share;

    struct holder {
        std::string name;
        std::atomic<std::size_t> bytes{0};
    };
    /// Made where there is none of that name; it stays as long as the budget.
    [[nodiscard]] holder& holder_of(std::string_view name);

    std::atomic<std::size_t> max_{0};
    std::atomic<std::size_t> largest_{0};
    std::atomic<std::size_t> held_{0};
    std::atomic<std::uint64_t> waits_{0};
    log_limit said_;
    mutable mutex mutex_;
    std::deque<holder> holders_ LOGPIPE_GUARDED_BY(mutex_);
};

/// What one object holds, as part of a holder's sum. One thread; the budget outlives it.
class memory_share final {
  public:
    memory_share(memory_budget& budget, std::string_view holder) : budget_{&budget}, in_{&budget.holder_of(holder)} {}
    ~memory_share() { set(0); }
    memory_share(memory_share&& other) noexcept
        : budget_{other.budget_}, in_{other.in_}, bytes_{std::exchange(other.bytes_, 0)} {}
    memory_share& operator=(memory_share&&) = delete;

    void set(std::size_t bytes) noexcept {
        if (bytes == bytes_) return;
        auto const more = bytes - bytes_;  // wraps around where it is less, as the sums then do
        in_->bytes.fetch_add(more, std::memory_order_relaxed);
        budget_->held_.fetch_add(more, std::memory_order_relaxed);
        bytes_ = bytes;
    }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  private:
    memory_budget* budget_;
    memory_budget::holder* in_;
    std::size_t bytes_ = 0;
};

/// The process's.
[[nodiscard]] memory_budget& process_memory() noexcept;

}  // namespace logpipe
