#include "layout.hpp"
#include "screen.hpp"
#include "snapshot_thread.hpp"
#include "tui/tui.hpp"

#include "core/clock.hpp"

#include <fmt/format.h>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

namespace logpipe::tui {

namespace {

using std::chrono::steady_clock;

/// Closes it in the end.
class descriptor final {
  public:
    explicit descriptor(int number) : number_{number} {}
    ~descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    descriptor(descriptor const&) = delete;
    descriptor& operator=(descriptor const&) = delete;
    [[nodiscard]] int get() const noexcept { return number_; }

  private:
    int const number_;
};

sigset_t monitor_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (int const each : {SIGTERM, SIGINT, SIGHUP, SIGWINCH, SIGTSTP}) sigaddset(&set, each);
    return set;
}

/// What the monitor waits for.
struct wake_ups {
    bool updated = false;
    bool suspended = false;
    bool end = false;
    std::string typed;
};

class monitor final {
  public:
    monitor(monitor_options options, std::function<status::status_report()> take_report)
        : options_{options},
          signals_{signalfd(-1, &blocked_, SFD_CLOEXEC | SFD_NONBLOCK)},
          updated_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)},
          snapshots_{std::move(take_report), options.interval, updated_.get()} {
        scene_.interval = options.interval % std::chrono::seconds{1} == std::chrono::milliseconds{0}
                              ? fmt::format("{} s", options.interval.count() / 1000)
                              : fmt::format("{} ms", options.interval.count());
    }

    result<> run_screen() {
        screen terminal;
        if (auto opened = terminal.open(); !opened) return opened;
        while (!view_.over) {
            scene_.stale = steady_clock::now() > taken_at_ + 3 * options_.interval + std::chrono::seconds{2};
            if (auto shown = terminal.show(draw(view_, scene_, terminal.size())); !shown) return shown;
            auto const woken = wait(STDIN_FILENO);
            if (woken.end) break;
            if (woken.suspended) {
                terminal.close();
                std::raise(SIGSTOP);  // until the shell's `fg`
                if (auto opened = terminal.open(); !opened) return opened;
            }
            for (auto const pressed : keys_.take(woken.typed)) {
                view_.press(pressed);
                // To all of the job, as the terminal does it where it is not in our mode.
                if (pressed == key::suspend) ::kill(0, SIGTSTP);
            }
            if (woken.updated && !view_.paused) take_snapshot();
        }
        return {};
    }

    result<> run_plain() {
        while (true) {
            auto const woken = wait(-1);
            if (woken.end) return {};
            if (woken.suspended) std::raise(SIGSTOP);
            if (!woken.updated || !take_snapshot()) continue;
            fmt::print("{}", plain_lines(scene_));
            if (std::fflush(stdout) != 0) return error{errc::not_connected, "standard output was closed"};
        }
    }

  private:
    bool take_snapshot() {
        auto seen = snapshots_.take();
        if (!seen) return false;
        taken_at_ = seen->when;
        rates_.update(seen->report, seen->when);
        scene_.time = iso_time(seen->report.time_ns).substr(11, 8);
        scene_.report = std::move(seen->report);
        scene_.pumps = rates_.pumps();
        return true;
    }

    /// @param input  -1: there is none
    wake_ups wait(int input) {
        std::array<pollfd, 3> waits{pollfd{.fd = signals_.get(), .events = POLLIN, .revents = 0},
                                    pollfd{.fd = updated_.get(), .events = POLLIN, .revents = 0},
                                    pollfd{.fd = input, .events = POLLIN, .revents = 0}};
        wake_ups woken;
        // Now and then also without any of it: the picture may have become stale.
        if (poll(waits.data(), waits.size(), 1'000) <= 0) return woken;
        signalfd_siginfo signal{};
        while (::read(signals_.get(), &signal, sizeof signal) == static_cast<ssize_t>(sizeof signal)) {
            // A new size needs nothing but to be woken.
            woken.suspended = woken.suspended || signal.ssi_signo == SIGTSTP;
            woken.end = woken.end || (signal.ssi_signo != SIGWINCH && signal.ssi_signo != SIGTSTP);
        }
        std::uint64_t wakes = 0;
        woken.updated = ::read(updated_.get(), &wakes, sizeof wakes) == static_cast<ssize_t>(sizeof wakes);
        if (waits[2].revents == 0) return woken;
        std::array<char, 256> typed{};
        auto const bytes = ::read(input, typed.data(), typed.size());
        // A terminal that hangs up reads as an end.
        if (bytes <= 0 && !(bytes < 0 && errno == EAGAIN))
            woken.end = true;
        else if (bytes > 0)
            woken.typed.assign(typed.data(), static_cast<std::size_t>(bytes));
        return woken;
    }

    sigset_t const blocked_ = monitor_signals();
    monitor_options const options_;
    descriptor const signals_;
    descriptor const updated_;
    snapshot_thread snapshots_;
    rate_book rates_;
    key_reader keys_;
    monitor_view view_;
    monitor_scene scene_;
    steady_clock::time_point taken_at_ = steady_clock::now();
};

}  // namespace

result<> run_monitor(monitor_options options, std::function<status::status_report()> take_report) {
    // Before the snapshot thread starts, which inherits it.
    auto const set = monitor_signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    monitor all{options, std::move(take_report)};
    if (options.plain || isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1) return all.run_plain();
    return all.run_screen();
}

}  // namespace logpipe::tui
