#include "topic_log.hpp"

#include "core/assert.hpp"
#include "core/disk_reserve.hpp"
#include "core/log.hpp"
#include "topic_folder.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace logpipe::journal {

topic_log::topic_log(environment const& world, std::string folder)
    : world_{world},
      folder_{std::move(folder)},
      name_{fmt::format("journal {}", topic_name(folder_))},
      segments_{*world_.files, folder_} {}

result<> topic_log::lock() {
    auto lock = world_.files->open(folder_ + "/lock", file_access::create);
    if (!lock) return lock.error();
    lock_ = *std::move(lock);
    auto locked = lock_->lock();
    if (!locked && locked.error().code == errc::busy)
        return error{errc::busy, fmt::format("{} is written by another logpipe", folder_)};
    return locked;
}

result<bool> topic_log::open(recovered_topic const& found, std::uint64_t cursors_end) {
    epoch_ = world_.random();
    next_offset_ = published_offset_ = std::max(found.end_offset, cursors_end);
    mark_->add_gap(found.end_offset, next_offset_);
    for (auto const& entry : found.segments) segments_.add(entry);
    if (found.segments.empty()) {
        if (auto begun = begin_segment(); !begun) return begun.error();
    } else {
        auto const& last = found.segments.back();
        auto resumed = segment_writer::resume(*world_.files, folder_, last.first_offset, last.bytes);
        if (!resumed) return resumed.error();
        active_ = *std::move(resumed);
        published_bytes_ = last.bytes;
        active_began_ns_ = last.newest_ns;
    }
    auto state = world_.files->open(state_path(folder_), file_access::create);
    if (!state) return state.error();
    state_ = *std::move(state);
    publish();
    return next_offset_ > found.end_offset;
}

result<> topic_log::append(std::span<std::string_view const> parts, std::uint64_t bytes, std::uint64_t events,
                           std::int64_t received_ns) {
    if (auto written = active_.append(parts, bytes); !written) return written;
    next_offset_ += events;
    if (active_began_ns_ == 0) active_began_ns_ = received_ns;
    segments_.set_active(active_.bytes(), received_ns);
    return {};
}

result<bool> topic_log::sync(journal_sync how) {
    bool const is_needed = active_.bytes() > published_bytes_;
    bool const never = how == journal_sync::never;
    if (is_needed) {
        if (auto const synced = never ? active_.check_in_place() : active_.sync(); !synced) {
            log_warn("{}: {}; writing it again to another segment", name_, synced.error().message);
            active_.abandon(published_bytes_);
            return synced.error();
        }
    }
    if (published_offset_ != next_offset_) {
        published_offset_ = next_offset_;
        published_bytes_ = active_.bytes();
        publish();
    }
    return is_needed && !never;
}

/// Only the last segment ever has bytes that are not synced.
result<> topic_log::roll() {
    LOGPIPE_ASSERT(published_offset_ == next_offset_);
    auto begun = begin_segment();
    // Its name may be there, which says that no later offset is in the one before: nothing may be appended to that.
    if (!begun)
        active_.abandon(published_bytes_);
    else
        publish();  // so that readers close the one before
    return begun;
}

result<> topic_log::restart() {
    LOGPIPE_ASSERT(active_.broken());
    active_.abandon(published_bytes_);
    segments_.set_active(published_bytes_, 0);
    next_offset_ = published_offset_;
    return begin_segment();
}

void topic_log::raise_to(std::uint64_t offset) {
    LOGPIPE_ASSERT(published_offset_ == next_offset_ && offset >= next_offset_);
    mark_->add_gap(next_offset_, offset);
    next_offset_ = published_offset_ = offset;
    published_bytes_ = active_.bytes();
    publish();
}

result<> topic_log::begin_segment() {
    // Where the folder was removed, another one of its name may be another writer's.
    if (auto there = lock_->in_place(); !there)
        return error{there.error().code,
                     fmt::format("{}; nothing is acknowledged until it is back: restore the folder, or restart logpipe",
                                 there.error().message)};
    auto made = with_reserve(*world_.files, folder_of(folder_),
                             [this] { return segment_writer::create(*world_.files, folder_, next_offset_); });
    if (!made) return made.error();
    active_ = *std::move(made);
    published_bytes_ = 0;
    active_began_ns_ = 0;
    segments_.add({.first_offset = next_offset_});
    return {};
}

void topic_log::publish() {
    synced_mark const mark{
        .epoch = epoch_, .offset = published_offset_, .segment = active_.first_offset(), .bytes = published_bytes_};
    auto const bytes = encode_state(mark);
    std::string_view const part{bytes.data(), bytes.size()};
    // The next one covers it: only readers in other processes wait longer.
    if (auto written = state_->write_at(0, {&part, 1}); !written) log_warn("{}: {}", name_, written.error().message);
    mark_->publish(mark);
}

}  // namespace logpipe::journal
