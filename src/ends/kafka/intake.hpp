// Between the thread that polls, which fills, and the pump's thread, which reads: batches, each of one assignment of
// one partition, and the buffers that come back. Nothing is allocated per event.
#pragma once

#include "core/mutex.hpp"
#include "logpipe/stage.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace logpipe::kafka {

/// Any thread may call anything; one fills, one takes.
class intake final {
  public:
    explicit intake(std::size_t bytes_max) : bytes_max_{bytes_max} {}

    /// The lock is held for as long as one of these lives: a read of many messages is one.
    class filling final {
      public:
        explicit filling(intake& into) : into_{into}, lock_{into.mutex_} {}
        ~filling() { into_.changed_.notify_all(); }
        filling(filling const&) = delete;
        filling& operator=(filling const&) = delete;

        /// The batch of this assignment that is open, with room for one more event.
        /// @param origin  for people, where a batch is begun
        // Clang does not know that a member holds the lock.
        [[nodiscard]] batch& of(std::uint32_t number, std::string const& origin)
            LOGPIPE_THREAD_ATTRIBUTE(no_thread_safety_analysis);

      private:
        intake& into_;
        mutex_lock lock_;
    };

    [[nodiscard]] bool full() const;
    [[nodiscard]] bool closed() const;
    /// Nothing more comes; what is inside can still be taken.
    void close();
    /// Waits until there may be room again, for at most `time`.
    void wait_for_room(std::chrono::milliseconds time);

    enum class taken { nothing, events, closed_and_empty };
    /// Swaps `into` (empty) with the oldest batch, or waits until there is one, `until`, or wake().
    [[nodiscard]] taken take(batch& into, steady_time until);
    void wake();
    [[nodiscard]] std::size_t bytes() const;
    [[nodiscard]] std::uint64_t events() const;

  private:
    [[nodiscard]] bool has_events() const noexcept LOGPIPE_REQUIRES(mutex_) {
        return !ready_.empty() || !open_.empty();
    }
    [[nodiscard]] batch spare() LOGPIPE_REQUIRES(mutex_);

    std::size_t const bytes_max_;
    mutable mutex mutex_;
    condition changed_;
    std::deque<batch> ready_ LOGPIPE_GUARDED_BY(mutex_);    // full
    std::vector<batch> open_ LOGPIPE_GUARDED_BY(mutex_);    // one an assignment, never empty
    std::size_t last_used_ LOGPIPE_GUARDED_BY(mutex_) = 0;  // in open_
    std::vector<batch> spare_ LOGPIPE_GUARDED_BY(mutex_);
    std::size_t ready_bytes_ LOGPIPE_GUARDED_BY(mutex_) = 0;
    bool closed_ LOGPIPE_GUARDED_BY(mutex_) = false;
    bool woken_ LOGPIPE_GUARDED_BY(mutex_) = false;
};

}  // namespace logpipe::kafka
