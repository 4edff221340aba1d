// Where the readers of a process see how far they may read, and wait for more.
#pragma once

#include "state_file.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

namespace logpipe::journal {

/// Shared by the writer and its readers; a reader of another process's journal has one of its own. Any thread.
class synced_board final {
  public:
    [[nodiscard]] synced_mark mark() const;
    void publish(synced_mark const& mark);

    /// Waits until the mark is not `seen` any more, `until`, or `stop_waiting` says true after a notify().
    void wait(synced_mark const& seen, std::chrono::steady_clock::time_point until,
              std::function<bool()> const& stop_waiting);
    void notify();

    /// Offsets [begin, end) that hold no event and never will: damage, or a start that had to go past them.
    void add_gap(std::uint64_t begin, std::uint64_t end);
    /// Events from `offset` up to the mark, gaps that are known left out.
    [[nodiscard]] std::uint64_t events_from(std::uint64_t offset) const;

  private:
    struct gap {
        std::uint64_t begin;
        std::uint64_t end;
    };

    mutable std::mutex mutex_;  // guards all below
    std::condition_variable changed_;
    synced_mark mark_;
    std::vector<gap> gaps_;  // one a damage or restart, so few
};

}  // namespace logpipe::journal
