// Between the thread that polls, which fills, and the pump's thread, which reads: batches, each of one assignment of
// one partition, and the buffers that come back. Nothing is allocated per event.
#pragma once

#include "logpipe/stage.hpp"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
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
        [[nodiscard]] batch& of(std::uint32_t number, std::string const& origin);

      private:
        intake& into_;
        std::lock_guard<std::mutex> lock_;
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
    [[nodiscard]] bool has_events() const noexcept { return !ready_.empty() || !open_.empty(); }
    [[nodiscard]] batch spare();

    std::size_t const bytes_max_;
    mutable std::mutex mutex_;  // guards all below
    std::condition_variable changed_;
    std::deque<batch> ready_;    // full
    std::vector<batch> open_;    // one an assignment, never empty
    std::size_t last_used_ = 0;  // in open_
    std::vector<batch> spare_;
    std::size_t ready_bytes_ = 0;
    bool closed_ = false;
    bool woken_ = false;
};

}  // namespace logpipe::kafka
