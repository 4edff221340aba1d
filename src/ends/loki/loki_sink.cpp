#include "loki_metrics.hpp"
#include "push_sender.hpp"

#include "loki/loki.hpp"

#include "core/clock.hpp"
#include "core/mutex.hpp"
#include "core/reload.hpp"
#include "core/thread.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace logpipe::loki {

namespace {

using std::chrono::steady_clock;

/// What is in it, not what its buffers could hold: a request is made of that.
std::size_t content_bytes(batch const& events) noexcept {
    return events.records.size() + events.documents.size() + events.events.size() * sizeof(event);
}

/// At least once by itself; an equal line with an equal time in one stream is one to Loki. Its thread `loki-out` has
/// what was written sent, and reports batches of which all is decided.
class pushing_sink final : public sink {
  public:
    explicit pushing_sink(loki_sink_options options) : options_{std::move(options)}, sender_{options_} {}
    ~pushing_sink() override { cancel(); }

    result<> open(completions& reports) override {
        if (thread_.joinable()) return {};
        if (options_.streams_max == 0)
            return error{errc::invalid_argument, "loki: at least one stream must be allowed"};
        {
            mutex_lock const lock{mutex_};
            if (cancelled_) return error{errc::cancelled, "loki: cancelled"};
            if (auto opened = sender_.open(); !opened) return in_context("loki", opened.error());
        }
        reports_ = &reports;
        thread_ = start_thread("loki-out", [this] { run(); });
        if (options_.tls || !options_.password_file.empty())
            reload_ = reload_entry{"loki_sink", [this] { return sender_.reload(); }};
        return {};
    }
    result<> write(batch& events) override;
    /// What was written is on its way within `push_age_max`.
    result<> flush() override { return {}; }
    result<std::optional<std::vector<progress>>> stored(std::string const&) override {
        return std::optional<std::vector<progress>>{};
    }
    void cancel() override;
    stage_status status() const override;

  private:
    struct waiting_batch {
        batch events;
        steady_time taken_at;
    };

    void run();
    [[nodiscard]] bool wait_for_lines();
    /// @return false when cancelled meanwhile.
    [[nodiscard]] bool wait_until(steady_time time);
    void report();

    loki_sink_options const options_;
    completions* reports_ = nullptr;
    push_sender sender_;

    mutable mutex mutex_;
    condition changed_;
    std::deque<waiting_batch> waiting_ LOGPIPE_GUARDED_BY(mutex_);
    std::size_t queued_bytes_ LOGPIPE_GUARDED_BY(mutex_) = 0;   // of those
    std::size_t waiting_bytes_ LOGPIPE_GUARDED_BY(mutex_) = 0;  // of the batches on their way as well
    bool cancelled_ LOGPIPE_GUARDED_BY(mutex_) = false;
    push_lanes::throttled_lines throttled_ LOGPIPE_GUARDED_BY(mutex_);
    std::jthread thread_;  // after all that it uses
    reload_entry reload_;
};

result<> pushing_sink::write(batch& events) {
    mutex_lock lock{mutex_};
    changed_.wait(
        lock, [this]() LOGPIPE_REQUIRES(mutex_) { return cancelled_ || waiting_bytes_ < options_.waiting_bytes_max; });
    if (cancelled_) return error{errc::cancelled, "loki: cancelled"};
    auto const bytes = content_bytes(events);
    queued_bytes_ += bytes;
    waiting_bytes_ += bytes;
    // A line without a time gets one here, so that it has the same when it is retried.
    for (auto& row : events.events)
        if (row.time_ns == 0) row.time_ns = now_ns();
    waiting_.push_back({.events = std::move(events), .taken_at = steady_clock::now()});
    events = {};
    changed_.notify_all();
    return {};
}

void pushing_sink::cancel() {
    mutex_lock const lock{mutex_};
    cancelled_ = true;
    changed_.notify_all();
    sender_.cancel();
}

void pushing_sink::run() {
    while (wait_for_lines()) {
        auto const pause = sender_.send_due();
        report();
        if (pause && !wait_until(*pause)) return;
    }
}

/// Until some are due, which are the sender's then. @return false when cancelled.
bool pushing_sink::wait_for_lines() {
    mutex_lock lock{mutex_};
    while (!cancelled_) {
        auto const now = steady_clock::now();
        auto due = sender_.due();
        if (!waiting_.empty()) {
            auto const ready =
                queued_bytes_ >= options_.push_bytes_max ? now : waiting_.front().taken_at + options_.push_age_max;
            if (ready <= now) break;
            due = std::min(ready, due.value_or(ready));
        }
        if (!due) {
            changed_.wait(lock);
        } else if (*due > now) {
            changed_.wait_until(lock, *due);
        } else {
            return true;
        }
    }
    if (cancelled_) return false;
    std::vector<batch> group;
    std::size_t group_bytes = 0;
    for (; !waiting_.empty() && group_bytes < options_.push_bytes_max; waiting_.pop_front()) {
        group_bytes += content_bytes(waiting_.front().events);
        group.push_back(std::move(waiting_.front().events));
    }
    queued_bytes_ -= group_bytes;
    lock.unlock();
    for (auto& events : group) {
        auto const bytes = content_bytes(events);
        sender_.add(std::move(events), bytes);
    }
    return true;
}

bool pushing_sink::wait_until(steady_time time) {
    mutex_lock lock{mutex_};
    return !changed_.wait_until(lock, time, [this]() LOGPIPE_REQUIRES(mutex_) { return cancelled_; });
}

void pushing_sink::report() {
    auto done = sender_.finished();
    {
        mutex_lock const lock{mutex_};
        throttled_ = sender_.throttled();
        for (auto const& each : done) waiting_bytes_ -= each.bytes;
        if (!done.empty()) changed_.notify_all();
    }
    for (auto& each : done) {
        auto& events = each.events;
        events.counts.indexed = static_cast<std::uint64_t>(std::ranges::count(events.events, false, &event::rejected));
        reports_->done(std::move(events));
    }
}

stage_status pushing_sink::status() const {
    stage_status now;
    now.name = "loki_sink";
    mutex_lock const lock{mutex_};
    now.metrics.emplace_back(metrics::waiting_bytes, waiting_bytes_);
    now.metrics.emplace_back(metrics::throttled_streams, throttled_.streams);
    now.metrics.emplace_back(metrics::throttled_lines, throttled_.lines);
    sender_.describe(now);
    if (now.up && throttled_.streams != 0)
        now.reason = fmt::format("Loki throttles {} of the streams, and the others continue: {}", throttled_.streams,
                                 throttled_.first);
    return now;
}

}  // namespace

std::unique_ptr<sink> make_loki_sink(loki_sink_options options) {
    return std::make_unique<pushing_sink>(std::move(options));
}

}  // namespace logpipe::loki
