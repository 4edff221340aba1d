// A thread that looks again and again, so that a component that is slow to answer never freezes the screen.
#pragma once

#include "status/components.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace logpipe::tui {

/// The destructor waits for the look that is under way.
class looker final {
  public:
    struct seen {
        status::status_report report;
        std::chrono::steady_clock::time_point when;
    };

    /// @param news  is written a byte whenever there is something to take(); outlives us
    looker(std::function<status::status_report()> look, std::chrono::milliseconds interval, int news);
    ~looker();
    looker(looker const&) = delete;
    looker& operator=(looker const&) = delete;

    /// The newest look that was not taken yet.
    [[nodiscard]] std::optional<seen> take();

  private:
    void run(std::stop_token stop);

    std::function<status::status_report()> const look_;
    std::chrono::milliseconds const interval_;
    int const news_;
    std::mutex mutex_;  // guards newest_
    std::condition_variable_any stopped_;
    std::optional<seen> newest_;
    std::jthread thread_;
};

}  // namespace logpipe::tui
