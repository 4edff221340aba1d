#include "flight_table.hpp"

#include "base/assert.hpp"

namespace logpipe {

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
    // One batch over the bound still goes alone.
    room_.wait(lock, [&] {
        return cancelled_ || (!held_ && !free_.empty() && (bytes_ == 0 || bytes_ + bytes <= bytes_max_));
    });
    if (cancelled_) return error{errc::cancelled, "kafka: the sink was cancelled"};
    auto const slot = free_.back();
    free_.pop_back();
    bytes_ += bytes;
    auto& taken = flights_[slot];
    taken.events = std::move(events);
    taken.number = next_number_++;
    taken.bytes = bytes;
    taken.partition.store(-1, std::memory_order_relaxed);
    taken.left.store(messages + 1, std::memory_order_relaxed);
    return slot;
}

void flight_table::refuse(message_tag tag, std::string reason) {
    std::lock_guard lock{mutex_};
    at(tag).refused.emplace_back(event_of(tag), std::move(reason));
}

std::optional<batch> flight_table::land(std::uint32_t slot, std::uint32_t count) {
    auto& landing = flights_[slot];
    auto const before = landing.left.fetch_sub(count, std::memory_order_acq_rel);
    LOGPIPE_ASSERT(before >= count);
    if (before != count) return std::nullopt;

    std::lock_guard lock{mutex_};
    auto events = std::move(landing.events);
    landing.events = {};
    events.counts.indexed = events.events.size() - events.rejections.size() - landing.refused.size();
    for (auto& [event, reason] : landing.refused) events.reject(event, "kafka", std::move(reason));
    landing.refused.clear();
    bytes_ -= landing.bytes;
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

std::size_t flight_table::bytes() const {
    std::lock_guard lock{mutex_};
    return bytes_;
}

std::size_t flight_table::count() const {
    std::lock_guard lock{mutex_};
    return slots - free_.size();
}

}  // namespace logpipe
