// Waiting for a file descriptor that another thread can cut short.
#pragma once

#include "logpipe/stage.hpp"

namespace logpipe::lines {

enum class wait_outcome { ready, woken, timed_out };

/// One thread waits, any may wake it.
class waiter final {
  public:
    waiter();
    ~waiter();
    waiter(waiter const&) = delete;
    waiter& operator=(waiter const&) = delete;

    /// Until `fd` has something to read (or has ended), wake() or the time.
    [[nodiscard]] wait_outcome wait_readable(int fd, steady_time until);
    [[nodiscard]] wait_outcome wait_writable(int fd, steady_time until);
    /// For the time alone.
    [[nodiscard]] wait_outcome wait(steady_time until);
    /// Ends the wait that is going on, or the next one.
    void wake() noexcept;

  private:
    [[nodiscard]] wait_outcome wait_for(int fd, short events, steady_time until);

    int wake_fd_;
};

}  // namespace logpipe::lines
