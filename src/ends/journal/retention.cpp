#include "retention.hpp"

#include "cursor_file.hpp"
#include "topic_folder.hpp"

#include <algorithm>
#include <limits>
#include <vector>

namespace logpipe::journal {

namespace {

std::int64_t nanoseconds(std::chrono::seconds duration) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count();
}

}  // namespace

retention::retention(environment const& world, journal_options const& options, segment_list& segments,
                     receive_clock& clock)
    : world_{world}, options_{options}, segments_{segments}, clock_{clock} {}

bool retention::is_too_old(std::int64_t received_ns) const {
    if (options_.age_max.count() == 0 || received_ns == 0) return false;
    auto const old_before = clock_.older_than(nanoseconds(options_.age_max));
    return old_before && received_ns < *old_before;
}

result<> retention::remove_passed() {
    if (auto removed = remove_passed_before(kept_since_ns()); !removed) return removed.error();
    return {};
}

result<> retention::remove_passed(std::uint64_t offset) {
    return segments_.oldest_end() > offset ? result<>{} : remove_passed();
}

result<> retention::remove_too_old() {
    if (options_.age_max.count() == 0) return {};
    auto const before_ns = clock_.older_than(nanoseconds(options_.age_max));
    while (before_ns && segments_.count() > 1 && segments_.oldest_newest_ns() < *before_ns)
        if (auto dropped = drop_oldest(); !dropped) return dropped;
    return {};
}

result<retention::step> retention::make_room(active_segment const& active) {
    auto const removed = remove_passed_before(std::numeric_limits<std::int64_t>::max());
    if (!removed) return removed.error();
    if (removed->segments > 0) return step::removed;
    bool const may_drop = options_.when_full == journal_full::drop_oldest;
    if (segments_.count() == 1) {
        bool const may_go = may_drop || removed->last_cursor >= active.end_offset;
        return !active.is_empty && may_go ? step::close_active : step::nothing;
    }
    if (!may_drop) return step::nothing;
    if (auto dropped = drop_oldest(); !dropped) return dropped.error();
    return step::removed;
}

/// Removes segments that all groups have passed and that hold nothing received at `before_ns` or later. Only cursors on
/// disk count, so that after a power cut no group needs what is gone. Without any cursor everything stays.
result<retention::removal> retention::remove_passed_before(std::int64_t before_ns) {
    std::vector<std::string> damaged;
    auto const cursors = list_cursors(*world_.files, options_.folder, damaged);
    if (!cursors) return cursors.error();
    // A group whose cursor is damaged starts with the oldest event: it needs all of them.
    if (cursors->empty() || !damaged.empty()) return removal{};
    auto const last = std::ranges::min(*cursors, {}, &journal_cursor_info::offset).offset;
    if (segments_.oldest_end() > last) return removal{.segments = 0, .last_cursor = last};
    if (auto synced = sync_cursors(*world_.files, options_.folder, *cursors); !synced) return synced.error();
    auto const removed = segments_.remove_before(last, before_ns);
    if (!removed) return removed.error();
    return removal{.segments = *removed, .last_cursor = last};
}

std::int64_t retention::kept_since_ns() const {
    if (options_.keep.count() == 0) return std::numeric_limits<std::int64_t>::max();
    return clock_.older_than(nanoseconds(options_.keep)).value_or(std::numeric_limits<std::int64_t>::min());
}

/// Read or not.
result<> retention::drop_oldest() {
    auto const begin = segments_.oldest_begin();
    auto const end = segments_.remove_oldest();
    if (!end) return end.error();
    ++dropped_segments_;
    dropped_events_ += *end - begin;
    if (auto const times = dropped_log_.admit(); times > 0)
        log_warn("journal {}: dropped the oldest events, those before offset {}, to keep to its limits ({} times)",
                 topic_name(options_.folder), *end, times);
    return {};
}

}  // namespace logpipe::journal
