#include "ack_tracker.hpp"

#include "core/assert.hpp"

#include <algorithm>

namespace logpipe::runtime {

std::uint64_t ack_tracker::add(position end, std::uint64_t event_count, steady_time now) {
    auto& part = partitions_[end.partition];
    LOGPIPE_ASSERT(part.ranges.empty() || part.ranges.back().state == range_state::taken ||
                   part.ranges.back().end_offset <= end.offset);
    auto const sequence = part.next_sequence++;
    part.ranges.push_back({.first_sequence = sequence,
                           .end_sequence = sequence + 1,
                           .end_offset = end.offset,
                           .event_count = event_count,
                           .read_at = now,
                           .last_read_at = now,
                           .counts = {}});
    ++outstanding_batches_;
    in_flight_events_ += event_count;
    return sequence;
}

bool ack_tracker::take(std::uint32_t partition, std::uint64_t sequence, std::uint64_t event_count,
                       std::int64_t received_ns) {
    auto const found = partitions_.find(partition);
    LOGPIPE_ASSERT(found != partitions_.end());
    auto const at = find(found->second, sequence);
    LOGPIPE_ASSERT(at->state == range_state::in_flight);
    if (at->event_count != event_count) return false;
    at->state = range_state::taken;
    at->received_ns = received_ns;
    in_flight_events_ -= event_count;
    taken_events_ += event_count;
    join_neighbours(found->second, at);
    return true;
}

tracked_batch ack_tracker::complete(position end, std::uint64_t sequence, event_counts const& counts) {
    auto const found = partitions_.find(end.partition);
    LOGPIPE_ASSERT(found != partitions_.end());
    LOGPIPE_ASSERT(counts.done() == counts.in);
    auto& part = found->second;
    auto at = find(part, sequence);
    LOGPIPE_ASSERT(at->state != range_state::safe);
    tracked_batch const known{.read_at = at->read_at, .received_ns = at->received_ns};
    if (at->state == range_state::taken) {
        at = cut_out(part, at, sequence);
        at->end_offset = end.offset;
        at->counts = counts;
        LOGPIPE_ASSERT(taken_events_ >= counts.in);
        taken_events_ -= counts.in;
    } else {
        at->counts += counts;
        LOGPIPE_ASSERT(at->counts.in <= at->event_count);
        in_flight_events_ -= counts.in;
        if (at->counts.in < at->event_count) return known;
    }
    at->state = range_state::safe;
    --outstanding_batches_;
    join_neighbours(part, at);
    advance(part);
    return known;
}

ack_tracker::place ack_tracker::find(partition_state& part, std::uint64_t sequence) {
    auto const after = std::ranges::upper_bound(part.ranges, sequence, {}, &range::first_sequence);
    LOGPIPE_ASSERT(after != part.ranges.begin());
    auto const at = std::prev(after);
    LOGPIPE_ASSERT(sequence < at->end_sequence);
    return at;
}

bool ack_tracker::may_join(range const& left, range const& right) noexcept {
    if (left.state != right.state) return false;
    return left.state == range_state::safe ||
           (left.state == range_state::taken && right.last_read_at - left.read_at <= range_span_max);
}

void ack_tracker::join_neighbours(partition_state& part, place at) {
    auto const join_next = [&](place left) {
        auto const right = std::next(left);
        left->end_sequence = right->end_sequence;
        left->end_offset = right->end_offset;
        left->last_read_at = right->last_read_at;
        left->counts += right->counts;
        return std::prev(part.ranges.erase(right));
    };
    if (at != part.ranges.begin() && may_join(*std::prev(at), *at)) at = join_next(std::prev(at));
    if (std::next(at) != part.ranges.end() && may_join(*at, *std::next(at))) join_next(at);
}

/// Makes that batch of a taken range a separate range.
ack_tracker::place ack_tracker::cut_out(partition_state& part, place at, std::uint64_t sequence) {
    if (sequence + 1 < at->end_sequence) {
        auto rest = *at;
        rest.first_sequence = sequence + 1;
        at->end_sequence = sequence + 1;
        at = std::prev(part.ranges.insert(std::next(at), rest));
    }
    if (at->first_sequence < sequence) {
        auto one = *at;
        one.first_sequence = sequence;
        at->end_sequence = sequence;
        at = part.ranges.insert(std::next(at), one);
    }
    return at;
}

void ack_tracker::advance(partition_state& part) {
    if (part.ranges.front().state != range_state::safe) return;
    auto const& front = part.ranges.front();
    part.safe_offset = front.end_offset;
    part.counts += front.counts;
    part.moved = true;
    has_progress_ = true;
    part.ranges.pop_front();
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
        at = part.ranges.empty() ? partitions_.erase(at) : std::next(at);
    }
    return moved;
}

steady_time ack_tracker::oldest(steady_time now) const {
    for (auto const& [number, part] : partitions_)
        if (!part.ranges.empty()) now = std::min(now, part.ranges.front().read_at);
    return now;
}

std::size_t ack_tracker::ranges() const noexcept {
    std::size_t count = 0;
    for (auto const& [number, part] : partitions_) count += part.ranges.size();
    return count;
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
