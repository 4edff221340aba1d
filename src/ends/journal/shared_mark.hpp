// The synced mark that a topic's writer shares with the readers of its process: how far they may read, and a wait for
// more.
#pragma once

#include "core/mutex.hpp"
#include "state_file.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

namespace logpipe::journal {

/// A reader of a journal that another process writes has one for itself. Any thread.
class shared_mark final {
  public:
    [[nodiscard]] synced_mark get() const;
    void publish(synced_mark const& mark);

    /// Waits until the mark differs from `seen`, `until`, or `stop_waiting` returns true after a notify().
    void wait(synced_mark const& seen, std::chrono::steady_clock::time_point until,
              std::function<bool()> const& stop_waiting);
    void notify();

    /// Offsets [begin, end) that hold no event and never will: damage, or a start that had to skip them.
    void add_gap(std::uint64_t begin, std::uint64_t end);
    /// Events from `offset` up to the mark, without the known gaps.
    [[nodiscard]] std::uint64_t events_from(std::uint64_t offset) const;

  private:
    struct gap {
        std::uint64_t begin;
        std::uint64_t end;
    };

    mutable mutex mutex_;
    condition changed_;
    synced_mark mark_ LOGPIPE_GUARDED_BY(mutex_);
    std::vector<gap> gaps_ LOGPIPE_GUARDED_BY(mutex_);  // one per damage or restart, so few
};

}  // namespace logpipe::journal
