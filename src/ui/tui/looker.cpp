#include "looker.hpp"

#include <unistd.h>
#include <cstdint>
#include <utility>

namespace logpipe::tui {

looker::looker(std::function<status::status_report()> look, std::chrono::milliseconds interval, int news)
    : look_{std::move(look)}, interval_{interval}, news_{news}, thread_{[this](std::stop_token stop) { run(stop); }} {}

looker::~looker() {
    thread_.request_stop();
    thread_.join();
}

std::optional<looker::seen> looker::take() {
    std::lock_guard lock{mutex_};
    return std::exchange(newest_, std::nullopt);
}

void looker::run(std::stop_token stop) {
    while (!stop.stop_requested()) {
        auto const began = std::chrono::steady_clock::now();
        auto report = look_();
        std::unique_lock lock{mutex_};
        newest_ = seen{.report = std::move(report), .when = std::chrono::steady_clock::now()};
        std::uint64_t const one = 1;
        // An eventfd takes it always: nobody writes 2^64 of them.
        static_cast<void>(::write(news_, &one, sizeof one));
        stopped_.wait_until(lock, stop, began + interval_, [] { return false; });
    }
}

}  // namespace logpipe::tui
