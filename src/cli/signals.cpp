#include "signals.hpp"

#include "core/reload.hpp"

#include <algorithm>
#include <csignal>
#include <ctime>

namespace logpipe::cli {

namespace {

sigset_t our_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (int const each : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, each);
    return set;
}

}  // namespace

void take_over_signals() {
    auto const set = our_signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

bool signal_came(std::chrono::milliseconds time) {
    auto const set = our_signals();
    auto const end = std::chrono::steady_clock::now() + time;
    while (true) {
        auto const left = std::max(end - std::chrono::steady_clock::now(), std::chrono::steady_clock::duration{0});
        auto const whole = std::chrono::duration_cast<std::chrono::seconds>(left);
        timespec const wait{.tv_sec = whole.count(), .tv_nsec = std::chrono::nanoseconds{left - whole}.count()};
        auto const signal = sigtimedwait(&set, nullptr, &wait);
        if (signal != SIGHUP) return signal > 0;
        reload_files();
    }
}

}  // namespace logpipe::cli
