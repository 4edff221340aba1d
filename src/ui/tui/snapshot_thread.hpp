// A thread that takes snapshots, so that a component that is slow to respond never freezes the screen.
#pragma once

#include "core/mutex.hpp"
#include "status/components.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <thread>

namespace logpipe::tui {

/// The destructor waits for the snapshot in progress.
class snapshot_thread final {
  public:
    struct seen {
        status::status_report report;
        std::chrono::steady_clock::time_point when;
    };

    /// @param news  is written a byte whenever there is something to take(); outlives us
    snapshot_thread(std::function<status::status_report()> take_report, std::chrono::milliseconds interval,
                    int updated);
    ~snapshot_thread();
    snapshot_thread(snapshot_thread const&) = delete;
    snapshot_thread& operator=(snapshot_thread const&) = delete;

    /// The newest snapshot that was not taken yet.
    [[nodiscard]] std::optional<seen> take();

  private:
    void run(std::stop_token stop);

    std::function<status::status_report()> const take_report_;
    std::chrono::milliseconds const interval_;
    int const updated_;
    mutex mutex_;
    stoppable_condition stopped_;
    std::optional<seen> newest_ LOGPIPE_GUARDED_BY(mutex_);
    std::jthread thread_;
};

}  // namespace logpipe::tui
