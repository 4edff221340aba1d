#include "ack_tracker.hpp"

#include "core/assert.hpp"

#include <algorithm>

namespace logpipe::runtime {

std::uint64_t ack_tracker::add(position end, std::uint64_t event_count, steady_time now) {
    auto& part = partitions_[end.partition];
    LOGPIPE_ASSERT(part.entries.empty() || part.entries.back().end_offset <= end.offset);
    part.entries.push_back({.end_offset = end.offset, .event_count = event_count, .read_at = now, .counts = {}});
    ++outstanding_batches_;
    outstanding_events_ += event_count;
    return part.first_sequence + part.entries.size() - 1;
}

steady_time ack_tracker::complete(std::uint32_t partition, std::uint64_t sequence, event_counts const& counts) {
    auto const found = partitions_.find(partition);
    LOGPIPE_ASSERT(found != partitions_.end());
    auto& part = found->second;
    LOGPIPE_ASSERT(sequence >= part.first_sequence && sequence - part.first_sequence < part.entries.size());
    auto& finished = part.entries[sequence - part.first_sequence];
    LOGPIPE_ASSERT(!finished.done);
    LOGPIPE_ASSERT(counts.done() == counts.in);
    auto const read_at = finished.read_at;
    finished.counts += counts;
    LOGPIPE_ASSERT(finished.counts.in <= finished.event_count);
    outstanding_events_ -= counts.in;
    if (finished.counts.in < finished.event_count) return read_at;
    finished.done = true;
    --outstanding_batches_;
    while (!part.entries.empty() && part.entries.front().done) {
        part.safe_offset = part.entries.front().end_offset;
        part.counts += part.entries.front().counts;
        part.moved = true;
        has_progress_ = true;
        part.entries.pop_front();
        ++part.first_sequence;
    }
    return read_at;
}

std::vector<progress> ack_tracker::take_progress() {
    std::vector<progress> moved;
    if (!has_progress_) return moved;
    has_progress_ = false;
    for (auto at = partitions_.begin(); at != partitions_.end();) {
        auto& part = at->second;
        if (part.moved)
            moved.push_back({.safe = {.partition = at->first, .offset = part.safe_offset}, .counts = part.counts});
        part.moved = false;
        part.counts = {};
        at = part.entries.empty() ? partitions_.erase(at) : std::next(at);
    }
    return moved;
}

steady_time ack_tracker::oldest(steady_time now) const {
    for (auto const& [number, part] : partitions_)
        if (!part.entries.empty()) now = std::min(now, part.entries.front().read_at);
    return now;
}

void merge(std::vector<progress>& uncommitted, progress const& newer) {
    for (auto& each : uncommitted) {
        if (each.safe.partition != newer.safe.partition) continue;
        each.safe = newer.safe;
        each.counts += newer.counts;
        return;
    }
    uncommitted.push_back(newer);
}

}  // namespace logpipe::runtime
