#include "progress.hpp"

#include "core/log.hpp"

#include <fmt/format.h>

#include <unistd.h>
#include <algorithm>
#include <cmath>
#include <cstdio>

namespace logpipe::cli {

using namespace std::chrono_literals;

namespace {

std::uint64_t safe_events(pump_snapshot const& now) {
    return now.this_run.done();
}

}  // namespace

double share_acked(pump_snapshot const& now) {
    if (!now.read_progress) return -1.0;
    auto const& [read, total, unit] = *now.read_progress;
    auto const acked = static_cast<double>(safe_events(now));
    if (unit == source_progress::measure::events) return acked / static_cast<double>(total);
    if (now.this_run.in == 0) return 0.0;
    // Of what was read, the same share in bytes as in lines.
    return static_cast<double>(read) / static_cast<double>(total) * acked / static_cast<double>(now.this_run.in);
}

std::string progress_line(std::uint64_t safe, double share_or_negative, double rate) {
    std::string line;
    if (share_or_negative >= 0) {
        constexpr int width = 24;
        auto const share = std::clamp(share_or_negative, 0.0, 1.0);
        auto const filled = static_cast<int>(std::lround(share * width));
        for (int i = 0; i < width; ++i) line += i < filled ? "█" : "░";
        line += fmt::format(" {:3.0f} %  ", share * 100);
    }
    line += fmt::format("{} lines acked  {:.0f}/s", safe, rate);
    if (share_or_negative > 0 && rate > 0) {
        auto const total = static_cast<double>(safe) / share_or_negative;
        line += fmt::format("  {:.0f} s left", std::max(0.0, (total - static_cast<double>(safe)) / rate));
    }
    return line;
}

progress_view::progress_view()
    : began_{std::chrono::steady_clock::now()}, told_at_{began_}, terminal_{isatty(STDERR_FILENO) == 1} {}

void progress_view::tick(pump_snapshot const& now) {
    auto const time = std::chrono::steady_clock::now();
    if (time < told_at_ + (terminal_ ? 200ms : 5000ms)) return;
    auto const safe = safe_events(now);
    auto const seconds = std::chrono::duration<double>(time - told_at_).count();
    auto const newest = static_cast<double>(safe - safe_before_) / seconds;
    rate_ = rate_ == 0.0 ? newest : 0.7 * rate_ + 0.3 * newest;
    safe_before_ = safe;
    told_at_ = time;
    auto const line = progress_line(safe, share_acked(now), rate_);
    if (terminal_) {
        fmt::print(stderr, "\r{}\x1b[K", line);
        std::fflush(stderr);
    } else {
        log_info("produce: {}", line);
    }
}

void progress_view::finish(pump_snapshot const& last) {
    if (terminal_) fmt::print(stderr, "\r\x1b[K");
    auto const seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
    auto const safe = safe_events(last);
    log_info("produce: {} of {} lines safe in {:.2f} s, {:.0f} lines/s, {} dead, {} not acked", safe, last.this_run.in,
             seconds, static_cast<double>(safe) / std::max(seconds, 1e-9), last.this_run.dead, last.book.not_safe());
}

}  // namespace logpipe::cli
