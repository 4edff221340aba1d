#include "process.hpp"

#include "core/clock.hpp"
#include "core/descriptors.hpp"
#include "core/log.hpp"
#include "core/reload.hpp"
#include "net/address.hpp"
#include "subcommands.hpp"
#include "version.hpp"

#include <fmt/format.h>

#include <unistd.h>
#include <algorithm>
#include <csignal>
#include <ctime>
#include <thread>

namespace logpipe::cli {

using namespace std::chrono_literals;

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

web::web_limits http_limits() {
    return {.connections_max = share_descriptors(descriptor_limit()).http_connections};
}

std::vector<warning> newest_warnings() {
    std::vector<warning> lines;
    for (auto& each : recent_notes())
        lines.push_back(
            {.time_ns = each.time_ns,
             .severity = each.level == log_level::error ? warning_severity::error : warning_severity::warning,
             .message = std::move(each.message)});
    return lines;
}

process::process(settings const& options) : options_{options}, started_ns_{now_ns()} {}

void process::add(std::unique_ptr<runtime::pump> moving, start_order when) {
    pumps_.push_back(std::move(moving));
    orders_.push_back(when);
}

process_snapshot process::look() const {
    process_snapshot now{.subcommand = options_.subcommand(), .version = std::string{version_text}, .pid = getpid()};
    now.started_ns = started_ns_;
    now.draining = draining_;
    now.warnings = newest_warnings();
    for (auto const& each : pumps_) now.pumps.push_back(each->snapshot());
    if (letters_ != nullptr) now.letters = letters_->status();
    now.ready = !now.draining && all_up(now);
    bool const known = std::ranges::all_of(now.pumps, &pump_snapshot::source_known);
    if (known && !now.pumps.empty()) now.book = book_ ? book_(now) : now.pumps.front().book;
    if (known && add_) add_(now);
    return now;
}

process_snapshot process::snapshot() const {
    // The terms are read one after the other: a batch that moves on in between is seen twice or not at all. That is no
    // loss, and looking again shows it.
    auto now = look();
    for (int again = 0; again < 20 && now.book.difference() != 0; ++again) {
        std::this_thread::sleep_for(1ms);
        now = look();
    }
    return now;
}

result<std::unique_ptr<tap_reader>> process::open_tap(std::string const& stage, std::uint64_t sample) const {
    std::string known;
    // "normalize" or, as `status` names it, "index/normalize".
    auto const slash = stage.find('/');
    auto const part = std::string_view{stage}.substr(slash == std::string::npos ? 0 : slash + 1);
    for (auto const& each : pumps_) {
        auto const pump = each->snapshot();
        if (slash == std::string::npos || stage.compare(0, slash, pump.name) == 0)
            if (auto reader = each->tap(part, sample)) return reader;
        for (auto const& one : pump.stages)
            known += fmt::format("{}{}/{}", known.empty() ? "" : ", ", pump.name, one.name);
    }
    return error{errc::not_found, fmt::format("there is no stage \"{}\"; there are {}", stage, known)};
}

int process::run() {
    if (auto const& listen = options_.text("admin"); listen != "none") {
        // On loopback nobody is on the way, and `status` needs no certificate there.
        auto const where = net::parse_host_port(listen);
        bool const tls = where && !net::is_loopback(where->host);
        auto started = web::start_web_server(
            {.listen = listen,
             .look = [this] { return snapshot(); },
             .produce = {},
             .host_names = options_.list("page-host"),
             .certificate_file = tls ? options_.text("page-certificate") : std::string{},
             .key_file = tls ? options_.text("page-key") : std::string{},
             .tap = [this](std::string const& stage, std::uint64_t sample) { return open_tap(stage, sample); },
             .limits = http_limits()});
        if (!started) {
            log_error("--admin {}: {}; choose another address, or none", listen, started.error().message);
            return started.error().code == errc::invalid_argument ? exit_usage : exit_failed;
        }
        admin_ = *std::move(started);
    }
    bool const stopped = !start() || wait_for_end();
    if (stopped)
        log_info("{}: stopping, at most {} for what was taken in", options_.subcommand(),
                 options_.text("drain-timeout"));
    draining_ = true;
    if (before_drain_) before_drain_();
    bool const drained = drain();
    auto const last = snapshot();
    fmt::print(output_is_data_ ? stderr : stdout, "{}\n", last.book.line());
    std::fflush(stdout);
    return exit_status_of(drained);
}

int process::exit_status_of(bool drained) const {
    for (auto const& each : pumps_) {
        auto const failure = each->failure();
        if (!failure) continue;
        if (failure->code == errc::cancelled) {
            drained = false;
            continue;
        }
        log_error("{}", failure->message);
        for (auto const& stage : each->snapshot().stages)
            if (!stage.up && stage.reason != failure->message) log_error("{} is down: {}", stage.name, stage.reason);
        return failure->code == errc::invalid_argument ? exit_usage : exit_failed;
    }
    return drained ? exit_done : exit_undrained;
}

/// @return false when a signal came first.
bool process::start() {
    for (auto i = pumps_.size(); i > 0; --i) {
        auto& each = *pumps_[i - 1];
        each.start();
        if (orders_[i - 1] == start_order::with_others) continue;
        while (!each.snapshot().started && !each.wait_until(std::chrono::steady_clock::now()))
            if (signal_came(5ms)) return false;
    }
    return true;
}

bool process::wait_for_end() {
    while (!signal_came(100ms)) {
        auto const now = snapshot();
        for (auto const& tick : ticks_) tick(now);
        bool finished = true;
        for (auto const& each : now.pumps) finished = finished && each.finished;
        if (finished || (over_ && over_(now))) return false;
        // Where one failed for good, what it left undone is where it was, and only somebody who looks can help.
        if (std::ranges::any_of(pumps_, [](auto const& each) { return each->failure().has_value(); })) return false;
    }
    return true;
}

bool process::drain() {
    auto const began = std::chrono::steady_clock::now();
    auto const end = began + options_.duration("drain-timeout");
    bool all_drained = true;
    for (auto const& each : pumps_) {
        each->stop();
        auto next_line = std::chrono::steady_clock::now() + 1s;
        while (!each->wait_until(std::chrono::steady_clock::now())) {
            bool const asked_again = signal_came(20ms);
            auto const now = std::chrono::steady_clock::now();
            // `timeout` and others signal a process and then its group: that is one wish.
            bool const impatient = asked_again && now - began >= 1s;
            auto const left = each->snapshot();
            for (auto const& tick : ticks_) tick(snapshot());
            if (impatient || now >= end) {
                log_error("{}: {} with {} events not yet safe downstream; whoever sent them still has them", left.name,
                          impatient ? "a second signal ended the drain" : "the drain ran out", left.book.not_safe());
                for (auto const& stage : left.stages)
                    if (!stage.up) log_error("{}: {} is down: {}", left.name, stage.name, stage.reason);
                each->abandon();
                all_drained = false;
                [[maybe_unused]] bool const gone = each->wait_until(now + 10s);
                break;
            }
            if (now >= next_line) {
                log_info("{}: draining, {} events left, {} s at most", left.name, left.book.not_safe(),
                         std::chrono::duration_cast<std::chrono::seconds>(end - now).count());
                next_line = now + 1s;
            }
        }
    }
    return all_drained;
}

}  // namespace logpipe::cli
