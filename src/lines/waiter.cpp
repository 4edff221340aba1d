#include "lines/waiter.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <system_error>

namespace logpipe::lines {

waiter::waiter() : wake_fd_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
    // Like memory: a process without file descriptors left cannot work.
    if (wake_fd_ < 0) throw std::system_error{errno, std::generic_category(), "eventfd"};
}

waiter::~waiter() {
    close(wake_fd_);
}

wait_outcome waiter::wait_readable(int fd, steady_time until) {
    return wait_for(fd, POLLIN, until);
}

wait_outcome waiter::wait_writable(int fd, steady_time until) {
    return wait_for(fd, POLLOUT, until);
}

wait_outcome waiter::wait(steady_time until) {
    return wait_for(-1, 0, until);  // poll() leaves out negative descriptors
}

void waiter::wake() noexcept {
    // Fails only when the counter is full, and then the wait ends anyway.
    [[maybe_unused]] auto const written = eventfd_write(wake_fd_, 1);
}

wait_outcome waiter::wait_for(int fd, short events, steady_time until) {
    std::array<pollfd, 2> polled{pollfd{.fd = wake_fd_, .events = POLLIN, .revents = 0},
                                 pollfd{.fd = fd, .events = events, .revents = 0}};
    while (true) {
        auto const left = std::max(until - std::chrono::steady_clock::now(), steady_time::duration{0});
        auto const whole = std::chrono::duration_cast<std::chrono::seconds>(left);
        timespec const timeout{.tv_sec = whole.count(), .tv_nsec = (left - whole).count()};
        int const count = ppoll(polled.data(), polled.size(), &timeout, nullptr);
        if (count < 0 && errno == EINTR) continue;
        if (polled[0].revents != 0) {
            eventfd_t ignored = 0;
            eventfd_read(wake_fd_, &ignored);
            return wait_outcome::woken;
        }
        return count > 0 ? wait_outcome::ready : wait_outcome::timed_out;
    }
}

}  // namespace logpipe::lines
