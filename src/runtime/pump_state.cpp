#include "pump_state.hpp"

#include "core/assert.hpp"
#include "core/clock.hpp"
#include "core/log.hpp"

#include <fmt/format.h>

#include <utility>

namespace logpipe::runtime {

namespace {

constexpr std::size_t buffers_max = 16;
// A batch that grew far beyond the target (one huge chunk) gives its memory back.
constexpr std::size_t buffer_bytes_max = 8 * batch::bytes_target;
constexpr std::chrono::seconds same_reason_pause{10};

constexpr std::string_view name_of(pump_stage which) noexcept {
    switch (which) {
        case pump_stage::source:
            return "source";
        case pump_stage::sink:
            return "sink";
    }
    return "";
}

}  // namespace

batch pump_state::take_buffer() {
    std::lock_guard lock{mutex_};
    if (buffers_.empty()) return {};
    auto buffer = std::move(buffers_.back());
    buffers_.pop_back();
    return buffer;
}

void pump_state::add(batch& events) {
    taps_.show(tap_point::source, events);
    std::lock_guard lock{mutex_};
    events.counts = {.in = events.events.size()};
    events.sequence = tracker_.add({.partition = events.partition, .offset = events.end_offset}, events.events.size(),
                                   std::chrono::steady_clock::now());
    this_run_.in += events.counts.in;
    bytes_in_ += events.records.size();
    events.in_flight_bytes = events.records.size();
    in_flight_bytes_ += events.in_flight_bytes;
}

std::vector<progress> pump_state::take_progress() {
    std::lock_guard lock{mutex_};
    return tracker_.take_progress();
}

void pump_state::wait_for_change(steady_time until) {
    std::unique_lock lock{mutex_};
    changed_.wait_until(lock, until, [&] { return has_change_ || tracker_.has_progress() || abandoned_; });
    has_change_ = false;
}

bool pump_state::has_room() const {
    std::lock_guard lock{mutex_};
    return in_flight_bytes_ < options_.in_flight_bytes_max;
}

bool pump_state::all_safe() const {
    std::lock_guard lock{mutex_};
    return tracker_.outstanding_batches() == 0;
}

void pump_state::source_opened() {
    std::lock_guard lock{mutex_};
    source_known_ = true;
}

void pump_state::start() {
    std::lock_guard lock{mutex_};
    started_ = true;
}

void pump_state::complete(batch&& finished) {
    taps_.show(tap_point::sink, finished);
    auto const received_ns = finished.events.empty() ? 0 : finished.events.front().received_ns;
    auto const age_seconds = static_cast<double>(now_ns() - received_ns) / 1e9;
    std::lock_guard lock{mutex_};
    auto const& counts = finished.counts;
    auto const read_at = tracker_.complete(finished.partition, finished.sequence, counts);
    // One observation a batch, for all its events: they came and became safe together.
    safe_after_.add(std::chrono::duration<double>(std::chrono::steady_clock::now() - read_at).count(), counts.in);
    if (received_ns != 0) age_when_safe_.add(age_seconds, counts.in);
    this_run_.indexed += counts.indexed;
    this_run_.already_there += counts.already_there;
    this_run_.dead += counts.dead;
    this_run_.routed += counts.routed;
    bytes_out_ += finished.transformed ? finished.documents.size() : finished.records.size();
    LOGPIPE_ASSERT(in_flight_bytes_ >= finished.in_flight_bytes);
    in_flight_bytes_ -= finished.in_flight_bytes;
    if (buffers_.size() < buffers_max && finished.bytes() <= buffer_bytes_max) {
        finished.clear();
        buffers_.push_back(std::move(finished));
    }
    has_change_ = true;
    changed_.notify_all();
}

void pump_state::notify() {
    std::lock_guard lock{mutex_};
    has_change_ = true;
    changed_.notify_all();
}

void pump_state::went_down(pump_stage which, error const& why) {
    std::uint64_t times = 0;
    {
        std::lock_guard lock{mutex_};
        auto const index = static_cast<std::size_t>(which);
        bool const is_news = down_.at(index) != why.message;
        down_.at(index) = why.message;
        ++retries_;
        auto& said = said_.at(index);
        ++said.times;
        auto const now = std::chrono::steady_clock::now();
        if (said.why != why.message || (is_news && now >= said.until)) {
            times = said.why == why.message ? said.times : 1;
            said = {.why = why.message, .until = now + same_reason_pause, .times = 0, .is_open = true};
        }
    }
    if (times == 0) return;
    log_warn("{}: the {} waits and tries again: {}{}", options_.name, name_of(which), why.message,
             times == 1 ? "" : fmt::format(" ({} times)", times));
}

void pump_state::is_down(pump_stage which, error const& why) {
    std::lock_guard lock{mutex_};
    down_.at(static_cast<std::size_t>(which)) = why.message;
}

void pump_state::came_up(pump_stage which) {
    bool is_news = false;
    {
        std::lock_guard lock{mutex_};
        auto const index = static_cast<std::size_t>(which);
        if (down_.at(index).empty()) return;
        down_.at(index).clear();
        is_news = std::exchange(said_.at(index).is_open, false);
    }
    if (is_news) log_info("{}: the {} works again", options_.name, name_of(which));
}

void pump_state::fail(error const& why) {
    std::lock_guard lock{mutex_};
    if (!failure_) failure_ = why;
}

std::optional<error> pump_state::failure() const {
    std::lock_guard lock{mutex_};
    return failure_;
}

void pump_state::abandon() {
    std::lock_guard lock{mutex_};
    abandoned_ = true;
    changed_.notify_all();
}

bool pump_state::abandoned() const {
    std::lock_guard lock{mutex_};
    return abandoned_;
}

bool pump_state::sleep_for(std::chrono::milliseconds time) {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, time, [&] { return abandoned_; });
    return !abandoned_;
}

void pump_state::finish() {
    std::lock_guard lock{mutex_};
    finished_ = true;
    changed_.notify_all();
}

bool pump_state::wait_finished(steady_time until) {
    std::unique_lock lock{mutex_};
    return changed_.wait_until(lock, until, [&] { return finished_; });
}

void pump_state::write_to(pump_snapshot& out) const {
    std::lock_guard lock{mutex_};
    out.name = options_.name;
    out.finished = finished_;
    out.source_known = source_known_;
    out.started = started_;
    out.this_run = this_run_;
    out.book.in_flight = tracker_.outstanding_events();
    out.bytes_in = bytes_in_;
    out.bytes_out = bytes_out_;
    out.retries = retries_;
    out.in_flight_bytes = in_flight_bytes_;
    out.in_flight_bytes_max = options_.in_flight_bytes_max;
    out.safe_after = safe_after_;
    out.age_when_safe = age_when_safe_;
    auto const now = std::chrono::steady_clock::now();
    out.oldest_seconds = std::chrono::duration<double>(now - tracker_.oldest(now)).count();
}

std::string pump_state::down_reason(pump_stage which) const {
    std::lock_guard lock{mutex_};
    return down_.at(static_cast<std::size_t>(which));
}

}  // namespace logpipe::runtime
