#include "flight_table.hpp"

#include "core/assert.hpp"

#include <algorithm>

namespace logpipe::kafka {

flight_table::flight_table(std::size_t bytes_max) : flights_(slots), bytes_max_{bytes_max} {
    for (auto slot = static_cast<std::uint32_t>(slots); slot > 0; --slot) free_.push_back(slot - 1);
}

void flight_table::bound(std::size_t bytes_max) {
    std::lock_guard lock{mutex_};
    bytes_max_ = bytes_max;
    room_.notify_all();
}

result<std::uint32_t> flight_table::board(batch& events, std::uint32_t messages, std::size_t bytes) {
    std::unique_lock lock{mutex_};
    room_.wait(lock, [&] { return cancelled_ || (has_room() && !free_.empty()); });
    if (cancelled_) return error{errc::cancelled, "kafka: the sink was cancelled"};
    auto const slot = free_.back();
    free_.pop_back();
    auto& taken = flights_[slot];
    taken.events = std::move(events);
    taken.number = next_number_++;
    taken.bytes_left = 0;
    taken.message_bytes = messages == 0 ? 0 : bytes / messages;
    taken.partition.store(-1, std::memory_order_relaxed);
    taken.left = messages;
    taken.boarding = true;
    return slot;
}

bool flight_table::hand_over(std::uint32_t slot, std::size_t bytes) {
    std::unique_lock lock{mutex_};
    room_.wait(lock, [&] { return cancelled_ || has_room(); });
    if (cancelled_) return false;
    bytes_ += bytes;
    flights_[slot].bytes_left += bytes;
    return true;
}

void flight_table::refuse(message_tag tag, std::string reason) {
    std::lock_guard lock{mutex_};
    at(tag).refused.emplace_back(event_of(tag), std::move(reason));
}

std::optional<batch> flight_table::land(std::uint32_t slot, std::uint32_t messages) {
    std::lock_guard lock{mutex_};
    auto& landing = flights_[slot];
    LOGPIPE_ASSERT(landing.left >= messages);
    landing.left -= messages;
    auto const bytes =
        landing.left == 0 ? landing.bytes_left : std::min(landing.bytes_left, messages * landing.message_bytes);
    landing.bytes_left -= bytes;
    bytes_ -= bytes;
    if (has_room()) room_.notify_all();
    return finished(slot);
}

std::optional<batch> flight_table::boarded(std::uint32_t slot) {
    std::lock_guard lock{mutex_};
    flights_[slot].boarding = false;
    return finished(slot);
}

std::optional<batch> flight_table::finished(std::uint32_t slot) {
    auto& landing = flights_[slot];
    if (landing.boarding || landing.left > 0) return std::nullopt;
    auto events = std::move(landing.events);
    landing.events = {};
    events.counts.indexed = events.events.size() - events.rejections.size() - landing.refused.size();
    for (auto& [event, reason] : landing.refused) events.reject(event, "kafka", std::move(reason));
    landing.refused.clear();
    free_.push_back(slot);
    room_.notify_all();
    return events;
}

void flight_table::hold(bool held) {
    std::lock_guard lock{mutex_};
    held_ = held;
    room_.notify_all();
}

void flight_table::cancel() {
    std::lock_guard lock{mutex_};
    cancelled_ = true;
    room_.notify_all();
}

bool flight_table::has_room() const {
    // The last portion goes over the bound, so that a message of any size goes.
    return !held_ && bytes_ < bytes_max_;
}

bool flight_table::full() const {
    std::lock_guard lock{mutex_};
    return !has_room() || free_.empty();
}

std::size_t flight_table::bytes() const {
    std::lock_guard lock{mutex_};
    return bytes_;
}

std::size_t flight_table::count() const {
    std::lock_guard lock{mutex_};
    return slots - free_.size();
}

}  // namespace logpipe::kafka
