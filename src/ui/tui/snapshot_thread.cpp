#include "snapshot_thread.hpp"

#include <unistd.h>
#include <cstdint>
#include <utility>

namespace logpipe::tui {

snapshot_thread::snapshot_thread(std::function<status::status_report()> take_report, std::chrono::milliseconds interval,
                                 int updated)
    : take_report_{std::move(take_report)},
      interval_{interval},
      updated_{updated},
      thread_{[this](std::stop_token stop) { run(stop); }} {}

snapshot_thread::~snapshot_thread() {
    thread_.request_stop();
    thread_.join();
}

std::optional<snapshot_thread::seen> snapshot_thread::take() {
    mutex_lock lock{mutex_};
    return std::exchange(newest_, std::nullopt);
}

void snapshot_thread::run(std::stop_token stop) {
    while (!stop.stop_requested()) {
        auto const began = std::chrono::steady_clock::now();
        auto report = take_report_();
        mutex_lock lock{mutex_};
        newest_ = seen{.report = std::move(report), .when = std::chrono::steady_clock::now()};
        std::uint64_t const one = 1;
        // An eventfd takes it always: nobody writes 2^64 of them.
        static_cast<void>(::write(updated_, &one, sizeof one));
        stopped_.wait_until(lock, stop, began + interval_, [] { return false; });
    }
}

}  // namespace logpipe::tui
