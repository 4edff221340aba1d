// The limits of a topic: room for what is written, and which segments go for it. The rest of topic_writer is next door.
#include "core/log.hpp"
#include "cursor_file.hpp"
#include "topic_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace logpipe::journal {

namespace {

std::int64_t nanoseconds(std::chrono::seconds duration) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count();
}

}  // namespace

/// Before `bytes` are appended: begins another segment where this one is full or old, and frees room.
/// @return errc::storage_full where the limit does not allow it and nothing may go.
result<> topic_writer::make_room(std::uint64_t bytes) {
    if (active_.bytes() > 0 && (is_active_old() || active_.bytes() + bytes > options_.segment_bytes)) {
        if (auto rolled = roll(); !rolled) return rolled;
        // Readers of other processes move their cursors unseen.
        if (auto freed = free_behind_cursors(kept_since_ns()); !freed) return freed.error();
    }
    if (auto dropped = drop_old(); !dropped) return dropped;
    // What is larger than the limit itself goes into an empty journal: it would wait forever.
    auto limit = room_.limit(segments_.bytes());
    while (segments_.bytes() > 0 && segments_.bytes() + bytes > limit) {
        auto const freed = free_something();
        if (!freed) return freed.error();
        if (*freed) continue;
        // What is not synced cannot be read, and would hold this segment for ever.
        if (auto synced = sync(); !synced) return synced;
        room_.look(segments_.bytes());  // others may have made room
        limit = room_.limit();
        if (segments_.bytes() + bytes > limit)
            return error{
                errc::storage_full,
                fmt::format("{} holds {} bytes that are not read by all groups yet; its limit is {}{}", name_,
                            segments_.bytes(), limit,
                            room_.is_short() ? fmt::format(" of {}: its disk is full", options_.bytes_max) : "")};
    }
    return {};
}

/// One step towards room. @return false when nothing can go.
result<bool> topic_writer::free_something() {
    auto const freed = free_behind_cursors(std::numeric_limits<std::int64_t>::max());
    if (!freed) return freed.error();
    if (freed->segments > 0) return true;
    bool const drop = options_.when_full == journal_full::drop_oldest;
    if (segments_.count() == 1) {
        // Only closed segments can go.
        if (active_.bytes() == 0 || !(drop || freed->cursor >= next_offset_)) return false;
        if (auto rolled = roll(); !rolled) return rolled.error();
        return true;
    }
    if (!drop) return false;
    if (auto dropped = drop_oldest(); !dropped) return dropped.error();
    return true;
}

/// Removes segments that all groups have passed and that hold nothing received at `before_ns` or later. Only cursors on
/// disk count, so after a power cut nobody needs what is gone. Without any cursor everything stays.
result<topic_writer::freed_room> topic_writer::free_behind_cursors(std::int64_t before_ns) {
    std::vector<std::string> damaged;
    auto const cursors = list_cursors(*world_.files, options_.folder, damaged);
    if (!cursors) return cursors.error();
    // A group whose cursor is damaged begins with the oldest event: it needs all of them.
    if (cursors->empty() || !damaged.empty()) return freed_room{};
    auto const last = std::ranges::min(*cursors, {}, &journal_cursor_info::offset).offset;
    if (segments_.oldest_end() > last) return freed_room{.segments = 0, .cursor = last};
    if (auto synced = sync_cursors(*world_.files, options_.folder, *cursors); !synced) return synced.error();
    auto const removed = segments_.remove_before(last, before_ns);
    if (!removed) return removed.error();
    return freed_room{.segments = *removed, .cursor = last};
}

std::int64_t topic_writer::kept_since_ns() {
    if (options_.keep.count() == 0) return std::numeric_limits<std::int64_t>::max();
    return clock_.older_than(nanoseconds(options_.keep)).value_or(std::numeric_limits<std::int64_t>::min());
}

result<> topic_writer::free_passed(std::uint64_t offset) {
    return run_and_deliver([&]() -> result<> {
        if (segments_.oldest_end() > offset) return {};
        if (auto freed = free_behind_cursors(kept_since_ns()); !freed) return freed.error();
        return {};
    });
}

result<> topic_writer::drop_old() {
    if (options_.age_max.count() == 0) return {};
    auto const before_ns = clock_.older_than(nanoseconds(options_.age_max));
    while (before_ns && segments_.count() > 1 && segments_.oldest_newest_ns() < *before_ns)
        if (auto dropped = drop_oldest(); !dropped) return dropped;
    return {};
}

bool topic_writer::is_active_old() {
    if (options_.age_max.count() == 0 || active_began_ns_ == 0) return false;
    auto const old_before = clock_.older_than(nanoseconds(options_.age_max));
    return old_before && active_began_ns_ < *old_before;
}

/// While nothing is written.
result<> topic_writer::drop_idle_old() {
    if (active_.bytes() > 0 && is_active_old())
        if (auto rolled = roll(); !rolled) return rolled;
    return drop_old();
}

/// Read or not.
result<> topic_writer::drop_oldest() {
    auto const begin = segments_.oldest_begin();
    auto const end = segments_.remove_oldest();
    if (!end) return end.error();
    figures_.dropped_segments.fetch_add(1, std::memory_order_relaxed);
    figures_.dropped_events.fetch_add(*end - begin, std::memory_order_relaxed);
    if (auto const times = dropped_log_.admit(); times > 0)
        log_warn("{}: dropped the oldest events, those before offset {}, by its limits ({} times)", name_, *end, times);
    return {};
}

}  // namespace logpipe::journal
