#include "retry_queue.hpp"

#include "core/assert.hpp"

#include <algorithm>
#include <utility>

namespace logpipe::opensearch {

namespace {

std::size_t bytes_of(bulk_item const& item) {
    auto const& events = item.of->events;
    auto const& row = events.events[item.row];
    return row.record_bytes + (events.transformed ? row.document_bytes : 0);
}

}  // namespace

bool retry_queue::has_room(bulk_item const& item) const {
    return events_ == 0 || (events_ < limits_.events_max && bytes_ + bytes_of(item) <= limits_.bytes_max);
}

void retry_queue::add(retry_entry entry, steady_time now) {
    LOGPIPE_ASSERT(has_room(entry.item));
    entry.bytes = bytes_of(entry.item);
    entry.failed_first = now;
    entry.wait = limits_.wait_first;
    entry.due = now + entry.wait;
    ++events_;
    bytes_ += entry.bytes;
    waiting_.push_back(std::move(entry));
}

std::vector<retry_entry> retry_queue::take_due(steady_time now, bulk_limits const& limits) {
    if (auto const first = next_due(); !first || *first > now) return {};
    std::vector<retry_entry> due;
    std::vector<retry_entry> later;
    std::size_t bytes = 0;
    for (auto& each : waiting_) {
        auto const with_it = bytes + each.item.bytes();
        bool const joins = !each.by_itself && due.size() < limits.events_max && with_it <= limits.bytes_max;
        bool const fits = due.empty() || (joins && !due.front().by_itself);
        if (each.due <= now && fits) {
            bytes = with_it;
            due.push_back(std::move(each));
        } else {
            later.push_back(std::move(each));
        }
    }
    waiting_ = std::move(later);
    return due;
}

retry_entry retry_queue::take(std::size_t index) {
    auto const at = waiting_.begin() + static_cast<std::ptrdiff_t>(index);
    auto entry = std::move(*at);
    waiting_.erase(at);
    return entry;
}

void retry_queue::put_back(retry_entry entry, steady_time now) {
    entry.wait = std::min(2 * entry.wait, limits_.wait_longest);
    entry.due = now + entry.wait;
    waiting_.push_back(std::move(entry));
}

void retry_queue::forget(retry_entry const& entry) {
    LOGPIPE_ASSERT(events_ > 0 && bytes_ >= entry.bytes);
    --events_;
    bytes_ -= entry.bytes;
}

bool retry_queue::is_over(retry_entry const& entry, steady_time now) const {
    return entry.tries >= limits_.tries_min && now - entry.failed_first >= limits_.time_min;
}

std::optional<steady_time> retry_queue::next_due() const {
    auto const first = std::ranges::min_element(waiting_, {}, &retry_entry::due);
    return first == waiting_.end() ? std::nullopt : std::optional{first->due};
}

}  // namespace logpipe::opensearch
