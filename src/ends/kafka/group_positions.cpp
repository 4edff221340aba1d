#include "group_positions.hpp"

#include "core/assert.hpp"

#include <algorithm>

namespace logpipe::kafka {

namespace {

/// Unsigned, so that a term below zero is made up for by the others.
void subtract(event_counts& from, event_counts const& what) noexcept {
    from.in -= what.in;
    from.indexed -= what.indexed;
    from.duplicates -= what.duplicates;
    from.dead -= what.dead;
    from.dropped -= what.dropped;
}

}  // namespace

group_positions::assignment* group_positions::find(std::uint32_t number) {
    auto const found = std::ranges::find(assigned_, number, &assignment::number);
    return found == assigned_.end() ? nullptr : &*found;
}

std::uint32_t group_positions::assign(std::int32_t partition, std::int64_t offset,
                                      std::optional<commit_metadata> const& found, std::string const& topic_id) {
    auto base = found.value_or(commit_metadata{.counted_from = offset});
    base.topic_id = topic_id;
    mutex_lock lock{mutex_};
    assigned_.push_back({.partition = partition,
                         .number = ++last_number_,
                         .base = std::move(base),
                         .taken = offset,
                         .next = offset,
                         .safe = offset,
                         // A start that was chosen, not found, becomes the group's position with the next commit.
                         .durable = found ? offset : -1});
    return last_number_;
}

void group_positions::release(std::uint32_t number) {
    mutex_lock lock{mutex_};
    auto const* const lost = find(number);
    if (lost == nullptr) return;
    gone_ += lost->since;
    assigned_.erase(assigned_.begin() + (lost - assigned_.data()));
}

void group_positions::saw(std::uint32_t number, std::int64_t taken, std::int64_t next,
                          std::span<passed_mark const> marks) {
    mutex_lock lock{mutex_};
    auto* const at = find(number);
    LOGPIPE_ASSERT(at != nullptr && taken >= at->taken && next >= taken);
    at->taken = taken;
    at->next = next;
    at->marks.insert(at->marks.end(), marks.begin(), marks.end());
}

void group_positions::commit(std::span<progress const> safe) {
    mutex_lock lock{mutex_};
    for (auto const& [reached, counts] : safe) {
        auto* const at = find(reached.partition);
        if (at == nullptr) {
            gone_ += counts;
            continue;
        }
        auto const offset = static_cast<std::int64_t>(reached.offset);
        LOGPIPE_ASSERT(offset >= at->safe && offset <= at->taken);
        at->safe = offset;
        at->since += counts;
    }
}

bool group_positions::drained(std::uint32_t number) const {
    mutex_lock lock{mutex_};
    auto const found = std::ranges::find(assigned_, number, &assignment::number);
    return found == assigned_.end() || found->drained();
}

std::vector<group_positions::move> group_positions::due() {
    mutex_lock lock{mutex_};
    std::vector<move> out;
    for (auto& each : assigned_) {
        if (each.position() <= each.durable) continue;
        while (!each.marks.empty() && each.marks.front().end <= each.position()) {
            each.before_marks = each.marks.front().passed;
            each.marks.pop_front();
        }
        auto counted = each.base;
        counted.counts += each.since;
        counted.passed += each.before_marks;
        out.push_back({.partition = each.partition, .offset = each.position(), .metadata = to_text(counted)});
    }
    return out;
}

void group_positions::committed(std::int32_t partition, std::int64_t offset) {
    mutex_lock lock{mutex_};
    for (auto& each : assigned_)
        if (each.partition == partition) each.durable = std::max(each.durable, offset);
}

event_counts group_positions::counted() const {
    mutex_lock lock{mutex_};
    event_counts sum;
    for (auto const& each : assigned_) sum += each.base.counts;
    subtract(sum, gone_);
    return sum;
}

passed_offsets group_positions::passed() const {
    mutex_lock lock{mutex_};
    passed_offsets sum;
    for (auto const& each : assigned_) {
        sum += each.base.passed;
        sum += each.marks.empty() ? each.before_marks : each.marks.back().passed;
    }
    return sum;
}

std::vector<std::pair<std::int32_t, std::int64_t>> group_positions::committed_offsets() const {
    mutex_lock lock{mutex_};
    std::vector<std::pair<std::int32_t, std::int64_t>> out;
    for (auto const& each : assigned_) out.emplace_back(each.partition, each.durable);
    return out;
}

}  // namespace logpipe::kafka
