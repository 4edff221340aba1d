#include "topic_writer.hpp"

#include "core/disk_reserve.hpp"
#include "core/log.hpp"
#include "core/thread.hpp"
#include "cursor_file.hpp"
#include "free_request.hpp"
#include "topic_folder.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace logpipe::journal {

topic_writer::topic_writer(journal_options options, environment world)
    : options_{std::move(options)},
      world_{std::move(world)},
      name_{fmt::format("journal {}", topic_name(options_.folder))},
      stalled_{options_.folder},
      log_{world_, options_.folder},
      clock_{name_, world_},
      retention_{world_, options_, log_.segments(), clock_},
      limit_{world_, options_.folder, options_.bytes_max},
      chunks_{options_.chunk_window_count},
      mark_{log_.mark()} {}

topic_writer::~topic_writer() {
    stop_.request_stop();
    if (regular_sync_.joinable()) regular_sync_.join();
}

result<std::shared_ptr<topic_writer>> topic_writer::open(journal_options options, environment world) {
    if (options.folder.empty()) return error{errc::invalid_argument, "a journal needs a folder"};
    if (options.segment_bytes == 0 || options.bytes_max < options.segment_bytes)
        return error{errc::invalid_argument,
                     fmt::format("journal {}: its limit of {} bytes must be at least a segment's, {}", options.folder,
                                 options.bytes_max, options.segment_bytes)};
    std::shared_ptr<topic_writer> made;
    auto started = with_reserve(*world.files, folder_of(options.folder), [&] {
        made.reset();  // with its lock
        made.reset(new topic_writer{options, world});
        return made->start();
    });
    if (!started) return in_context(made->name_, started.error());
    return made;
}

result<> topic_writer::start() {
    auto& files = *world_.files;
    auto const& folder = options_.folder;
    mutex_lock lock{mutex_};
    if (auto made = make_lasting_folder(files, folder); !made) return made;
    if (auto made = make_lasting_folder(files, cursors_folder(folder)); !made) return made;
    if (auto locked = log_.lock(); !locked) return locked;

    std::vector<std::string> notes;
    if (auto identity = load_or_make_identity(files, folder, world_.random, notes); !identity) return identity.error();
    auto const cursors = list_cursors(files, folder, notes);
    if (!cursors) return cursors.error();
    std::uint64_t cursors_end = 0;
    for (auto const& group : *cursors) cursors_end = std::max(cursors_end, group.offset);
    auto found = recover_topic(files, folder, {.runs_max = options_.chunk_window_count});
    if (!found) return found.error();
    report_ = std::move(found->report);
    report_.notes.insert(report_.notes.begin(), notes.begin(), notes.end());

    if (auto opened = open_log(*std::move(found), cursors_end); !opened) return opened;
    limit_.measure(log_.segments().bytes());
    if (limit_.is_reduced())
        log_warn(
            "{}: its limit is {} bytes, but its disk has room for {} of them: it will be full there; free disk space, "
            "or lower the limit",
            name_, options_.bytes_max, limit_.bytes());
    show_figures();
    for (auto const& note : report_.notes) log_warn("{}: {}", name_, note);
    if (options_.sync == journal_sync::interval)
        regular_sync_ = start_thread("journal-sync", [this] { sync_regularly(stop_.get_token()); });
    return {};
}

result<> topic_writer::open_log(recovered_topic found, std::uint64_t cursors_end) {
    pending_.synced(world_.steady());
    for (auto const& key : found.runs) chunks_.remember(key);
    for (auto const& entry : found.segments) clock_.not_before(entry.newest_ns);
    auto const raised = log_.open(found, cursors_end);
    if (!raised) return raised.error();
    if (*raised)
        report_.notes.push_back(fmt::format("events end at offset {}, but a cursor is at {}: continuing from there",
                                            found.end_offset, log_.next_offset()));
    return {};
}

/// Runs `step` under the lock and then, whatever its outcome, gives back the batches that are safe: without the lock,
/// because what is called may call us.
result<> topic_writer::run_and_deliver(std::function<result<>()> const& step) {
    std::vector<pending_batch> safe;
    result<> outcome;
    {
        mutex_lock lock{mutex_};
        outcome = step();
        safe = pending_.take_safe();
        show_figures();
    }
    for (auto& done : safe) give_back(std::move(done));
    return outcome;
}

result<> topic_writer::write(std::shared_ptr<outlet> const& to, batch& events) {
    return run_and_deliver([&]() LOGPIPE_REQUIRES(mutex_) -> result<> {
        if (log_.is_broken())
            if (auto written = rewrite_pending(); !written) return written;
        if (pending_.is_full())
            if (auto synced = sync(); !synced) return synced;
        pending_batch taken{.to = to, .events = std::move(events), .counts = {}};
        if (auto appended = append(taken); !appended) {
            events = std::move(taken.events);
            // That one alone: the others of the batch are offered again.
            if (appended.error().code == errc::rejected)
                events.reject(encoder_.index(), "journal", appended.error().message);
            return appended;
        }
        pending_.add(std::move(taken));
        return {};
    });
}

result<> topic_writer::flush(outlet const& by) {
    return run_and_deliver([&]() LOGPIPE_REQUIRES(mutex_) {
        return by.duplicates == journal_duplicates::drop && may_wait() ? result<>{} : sync();
    });
}

/// Whether what is pending is left to the next regular sync.
bool topic_writer::may_wait() const {
    return options_.sync == journal_sync::interval && pending_.may_wait(world_.steady(), options_.sync_interval);
}

result<> topic_writer::append(pending_batch& what) {
    if (auto encoded = encode(what); !encoded) return encoded;
    if (encoder_.bytes() == 0) return {};  // all of it is here already
    if (auto room = make_room(encoder_.bytes()); !room) return room;
    return put(what);
}

/// Makes the frames of what is not here yet, and counts; nothing else changes.
result<> topic_writer::encode(pending_batch& what) {
    bool const drops = what.to->duplicates == journal_duplicates::drop && chunks_.is_on();
    what.counts = {};
    chunks_.begin_batch();
    encoder_.begin(what.events, clock_.now());
    auto offset = log_.next_offset();
    while (true) {
        auto const more = encoder_.next();
        if (!more) return more.error();
        if (!*more) return {};
        auto const& header = encoder_.header();
        if (header.chunk && drops && chunks_.is_duplicate(header.key())) {
            what.counts.duplicates += header.event_count;
            encoder_.drop();
            continue;
        }
        what.counts.indexed += header.event_count;
        encoder_.keep(log_.epoch(), offset);
        offset += header.event_count;
    }
}

/// Appends the encoded frames.
result<> topic_writer::put(pending_batch const& what) {
    auto const newest_ns = what.events.events.back().received_ns;
    auto appended = log_.append(encoder_.parts(), encoder_.bytes(), what.counts.indexed,
                                newest_ns != 0 ? newest_ns : encoder_.received_ns());
    if (appended)
        chunks_.appended();
    else if (appended.error().code == errc::storage_full)
        limit_.measure(log_.segments().bytes());
    return appended;
}

/// Before `bytes` are appended: begins another segment where this one is full or old, and frees room.
/// @return errc::storage_full where the limit does not allow it and nothing may be removed.
result<> topic_writer::make_room(std::uint64_t bytes) {
    auto const active_bytes = log_.active_bytes();
    if (active_bytes > 0 &&
        (retention_.is_too_old(log_.active_began_ns()) || active_bytes + bytes > options_.segment_bytes)) {
        if (auto rolled = roll(); !rolled) return rolled;
        // Readers in other processes move their cursors without a word to us.
        if (auto removed = retention_.remove_passed(); !removed) return removed;
    }
    if (auto removed = retention_.remove_too_old(); !removed) return removed;
    auto const& segments = log_.segments();
    // What is larger than the limit itself goes into an empty journal: it would wait forever.
    auto limit = limit_.bytes(segments.bytes());
    while (segments.bytes() > 0 && segments.bytes() + bytes > limit) {
        auto const made =
            retention_.make_room({.is_empty = log_.active_bytes() == 0, .end_offset = log_.next_offset()});
        if (!made) return made.error();
        if (*made == retention::step::close_active)
            if (auto rolled = roll(); !rolled) return rolled;
        if (*made != retention::step::nothing) continue;
        // What is not synced cannot be read, and would keep this segment for ever.
        if (auto synced = sync(); !synced) return synced;
        limit_.measure(segments.bytes());  // others may have made room
        limit = limit_.bytes();
        if (segments.bytes() + bytes > limit)
            return error{
                errc::storage_full,
                fmt::format("{} has {} bytes that not all groups have read; its limit is {}{}", name_, segments.bytes(),
                            limit,
                            limit_.is_reduced() ? fmt::format(" of {}: its disk is full", options_.bytes_max) : "")};
    }
    return {};
}

/// Group commit: one sync for all that was written since the last.
result<> topic_writer::sync() {
    if (log_.is_broken())
        if (auto written = rewrite_pending(); !written) return written;
    auto const synced = log_.sync(options_.sync);
    if (!synced) return synced.error();
    if (*synced) figures_.syncs.fetch_add(1, std::memory_order_relaxed);
    chunks_.synced();
    figures_.duplicate_events.fetch_add(pending_.synced(world_.steady()), std::memory_order_relaxed);
    return {};
}

result<> topic_writer::roll() {
    if (auto synced = sync(); !synced) return synced;
    return log_.roll();
}

/// After a failed sync nobody knows which of the unsynced bytes are on disk: all pending batches are written to another
/// segment. Nobody has read them, so they may get the same offsets.
result<> topic_writer::rewrite_pending() {
    chunks_.lost();
    if (auto begun = log_.restart(); !begun) return begun;
    for (auto& what : pending_.unsynced()) {
        auto written = encode(what);
        if (written && encoder_.bytes() > 0) written = put(what);
        if (written) continue;
        log_.abandon_active();
        return written;
    }
    return {};
}

result<> topic_writer::raise_to(std::uint64_t offset) {
    return run_and_deliver([&]() LOGPIPE_REQUIRES(mutex_) -> result<> {
        if (offset <= log_.next_offset()) return {};
        if (auto synced = sync(); !synced) return synced;
        log_warn("{}: events end at offset {}, but a reader is at {}: continuing from there", name_, log_.next_offset(),
                 offset);
        log_.raise_to(offset);
        return {};
    });
}

result<> topic_writer::free_passed(std::uint64_t offset) {
    return run_and_deliver([&]() LOGPIPE_REQUIRES(mutex_) { return retention_.remove_passed(offset); });
}

result<std::uint64_t> topic_writer::free(std::span<offset_range const> ranges) {
    std::uint64_t freed = 0;
    auto done = run_and_deliver([&]() LOGPIPE_REQUIRES(mutex_) -> result<> {
        // Only closed segments can be removed.
        if (log_.active_bytes() > 0 && covers(ranges, log_.active_offset(), log_.next_offset()))
            if (auto rolled = roll(); !rolled) return rolled;
        auto& segments = log_.segments();
        auto const before = segments.bytes();
        auto removed = segments.remove_within(ranges);
        freed = before - segments.bytes();
        return removed;
    });
    if (!done) return done.error();
    return freed;
}

result<> topic_writer::tend() {
    auto const look_after = [&]() LOGPIPE_REQUIRES(mutex_) -> result<> {
        if (log_.active_bytes() > 0 && retention_.is_too_old(log_.active_began_ns()))
            if (auto rolled = roll(); !rolled) return rolled;
        if (auto removed = retention_.remove_too_old(); !removed) return removed;
        return observe_groups();
    };
    if (auto done = run_and_deliver(look_after); !done) return done;
    auto const requested = read_free_request(*world_.files, options_.folder);
    if (!requested) return requested.error();
    if (!*requested) return {};
    auto const freed = free(**requested);
    if (!freed) return freed.error();
    log_info("{}: {} bytes freed", name_, *freed);
    return remove_free_request(*world_.files, options_.folder);
}

result<> topic_writer::observe_groups() {
    constexpr std::chrono::seconds pause{10};
    auto const now = world_.steady();
    if (now - observed_at_ < pause) return {};
    observed_at_ = now;
    std::vector<std::string> damaged;  // retention keeps everything then
    auto const cursors = list_cursors(*world_.files, options_.folder, damaged);
    if (!cursors) return cursors.error();
    stalled_.observe(*cursors, log_.next_offset(), now);
    return {};
}

void topic_writer::show_figures() {
    auto const set = [](std::atomic<std::uint64_t>& figure, std::uint64_t value) {
        figure.store(value, std::memory_order_relaxed);
    };
    set(figures_.bytes, log_.segments().bytes());
    set(figures_.segments, log_.segments().count());
    set(figures_.limit_bytes, limit_.bytes());
    set(figures_.reserve_bytes, limit_.reserve().bytes());
    set(figures_.reserves_released, limit_.reserve().given_up());
    set(figures_.clock_jumps, clock_.jumps());
    set(figures_.dropped_events, retention_.dropped_events());
    set(figures_.dropped_segments, retention_.dropped_segments());
}

void topic_writer::sync_regularly(std::stop_token stop) {
    mutex waiting;
    stoppable_condition never;
    while (!stop.stop_requested()) {
        {
            mutex_lock lock{waiting};
            never.wait_until(lock, stop, std::chrono::steady_clock::now() + options_.sync_interval,
                             [] { return false; });
        }
        if (auto synced = run_and_deliver([&]() LOGPIPE_REQUIRES(mutex_) { return sync(); }); !synced)
            log_error("{}: {}", name_, synced.error().message);
    }
}

}  // namespace logpipe::journal
