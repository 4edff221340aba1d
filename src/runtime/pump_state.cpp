#include "pump_state.hpp"

#include "core/assert.hpp"
#include "core/log.hpp"
#include "rejected.hpp"

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
        case pump_stage::transform:
            return "transform";
        case pump_stage::sink:
            return "sink";
    }
    return "";
}

}  // namespace

batch pump_state::take_buffer() {
    mutex_lock lock{mutex_};
    if (buffers_.empty()) return {};
    auto buffer = std::move(buffers_.back());
    buffers_.pop_back();
    return buffer;
}

void pump_state::add(batch& events) {
    taps_.show(tap_point::source, events);
    mutex_lock lock{mutex_};
    events.counts = {.in = events.events.size()};
    events.sequence = tracker_.add({.partition = events.partition, .offset = events.end_offset}, events.events.size(),
                                   world_.steady());
    this_run_.in += events.counts.in;
    bytes_in_ += events.records.size();
    hold(events, events.used_bytes());
}

void pump_state::transformed(batch& events) {
    mutex_lock lock{mutex_};
    hold(events, events.used_bytes());
}

void pump_state::hold(batch& events, std::size_t bytes) {
    LOGPIPE_ASSERT(memory_.bytes() >= events.in_flight_bytes);
    memory_.set(memory_.bytes() - events.in_flight_bytes + bytes);
    events.in_flight_bytes = bytes;
}

std::vector<progress> pump_state::take_progress() {
    mutex_lock lock{mutex_};
    return tracker_.take_progress();
}

bool pump_state::has_room() {
    mutex_lock lock{mutex_};
    if (memory_.bytes() >= options_.in_flight_bytes_max) return false;
    bool const waits = memory_.bytes() > 0 && world_.memory->is_short();
    if (waits && !std::exchange(waits_for_memory_, waits)) world_.memory->waited();
    waits_for_memory_ = waits;
    return !waits;
}

bool pump_state::all_safe() const {
    mutex_lock lock{mutex_};
    return tracker_.outstanding_batches() == 0;
}

bool pump_state::has_taken() const {
    mutex_lock lock{mutex_};
    return tracker_.taken_events() > 0;
}

void pump_state::source_opened() {
    mutex_lock lock{mutex_};
    source_known_ = true;
}

void pump_state::start() {
    mutex_lock lock{mutex_};
    started_ = true;
}

bool pump_state::started() const {
    mutex_lock lock{mutex_};
    return started_;
}

bool pump_state::take(batch& events) {
    if (events.events.empty() || needs_letters(events)) return false;
    {
        mutex_lock lock{mutex_};
        if (!tracker_.take(events.partition, events.sequence, events.counts.in, events.events.front().received_ns))
            return false;
        bytes_out_ += events.transformed ? events.documents.size() : events.records.size();
        hold(events, 0);
    }
    // What leaves the sink is shown here: nothing is left to show when it is safe.
    taps_.show(tap_point::sink, events);
    batch head;
    head.partition = events.partition;
    head.end_offset = events.end_offset;
    head.sequence = events.sequence;
    head.counts = events.counts;
    std::swap(head, events);
    mutex_lock lock{mutex_};
    recycle(std::move(head));
    return true;
}

void pump_state::complete(batch&& finished) {
    taps_.show(tap_point::sink, finished);
    auto const now = world_.steady();
    auto const now_ns = world_.now();
    mutex_lock lock{mutex_};
    auto const& counts = finished.counts;
    auto const known =
        tracker_.complete({.partition = finished.partition, .offset = finished.end_offset}, finished.sequence, counts);
    // One observation a batch, for all its events: they came and became safe together.
    safe_after_.add(std::chrono::duration<double>(now - known.read_at).count(), counts.in);
    auto const received_ns = finished.events.empty() ? known.received_ns : finished.events.front().received_ns;
    if (received_ns != 0) age_when_safe_.add(static_cast<double>(now_ns - received_ns) / 1e9, counts.in);
    this_run_.indexed += counts.indexed;
    this_run_.duplicates += counts.duplicates;
    this_run_.dead += counts.dead;
    this_run_.dropped += counts.dropped;
    this_run_.routed += counts.routed;
    bytes_out_ += finished.transformed ? finished.documents.size() : finished.records.size();
    hold(finished, 0);
    recycle(std::move(finished));
}

void pump_state::recycle(batch&& events) {
    if (events.events.empty() || buffers_.size() >= buffers_max || events.bytes() > buffer_bytes_max) return;
    events.clear();
    buffers_.push_back(std::move(events));
}

void pump_state::went_down(pump_stage which, error const& reason) {
    std::uint64_t times = 0;
    {
        mutex_lock lock{mutex_};
        auto const index = static_cast<std::size_t>(which);
        bool const is_news = down_.at(index) != reason;
        down_.at(index) = reason;
        ++retries_;
        auto& said = said_.at(index);
        ++said.times;
        auto const now = world_.steady();
        if (said.reason != reason.message || (is_news && now >= said.until)) {
            times = said.reason == reason.message ? said.times : 1;
            said = {.reason = reason.message, .until = now + same_reason_pause, .times = 0, .is_open = true};
        }
    }
    if (times == 0) return;
    log_warn("{}: the {} is down and will be retried: {}{}", options_.name, name_of(which), reason.message,
             times == 1 ? "" : fmt::format(" ({} times)", times));
}

void pump_state::is_down(pump_stage which, error const& reason) {
    mutex_lock lock{mutex_};
    down_.at(static_cast<std::size_t>(which)) = reason;
}

void pump_state::came_up(pump_stage which) {
    bool is_news = false;
    {
        mutex_lock lock{mutex_};
        auto const index = static_cast<std::size_t>(which);
        if (!down_.at(index)) return;
        down_.at(index).reset();
        is_news = std::exchange(said_.at(index).is_open, false);
    }
    if (is_news) log_info("{}: the {} has recovered", options_.name, name_of(which));
}

void pump_state::fail(error const& reason) {
    mutex_lock lock{mutex_};
    if (!failure_) failure_ = reason;
}

std::optional<error> pump_state::failure() const {
    mutex_lock lock{mutex_};
    return failure_;
}

void pump_state::abandon() {
    mutex_lock lock{mutex_};
    abandoned_ = true;
}

bool pump_state::abandoned() const {
    mutex_lock lock{mutex_};
    return abandoned_;
}

void pump_state::finish() {
    mutex_lock lock{mutex_};
    finished_ = true;
    finished_changed_.notify_all();
}

bool pump_state::wait_finished(steady_time until) {
    mutex_lock lock{mutex_};
    return finished_changed_.wait_until(lock, until, [this]() LOGPIPE_REQUIRES(mutex_) { return finished_; });
}

void pump_state::write_to(pump_snapshot& out) const {
    mutex_lock lock{mutex_};
    out.name = options_.name;
    out.finished = finished_;
    out.source_known = source_known_;
    out.started = started_;
    out.this_run = this_run_;
    out.book.in_flight = tracker_.in_flight_events();
    out.book.taken = tracker_.taken_events();
    out.bytes_in = bytes_in_;
    out.bytes_out = bytes_out_;
    out.retries = retries_;
    out.in_flight_bytes = memory_.bytes();
    out.in_flight_bytes_max = options_.in_flight_bytes_max;
    out.safe_after = safe_after_;
    out.age_when_safe = age_when_safe_;
    auto const now = world_.steady();
    out.oldest_seconds = std::chrono::duration<double>(now - tracker_.oldest(now)).count();
}

std::optional<error> pump_state::down_reason(pump_stage which) const {
    mutex_lock lock{mutex_};
    return down_.at(static_cast<std::size_t>(which));
}

}  // namespace logpipe::runtime
