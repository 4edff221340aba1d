#include "topic_writer.hpp"

#include "core/assert.hpp"
#include "core/disk_reserve.hpp"
#include "core/thread.hpp"
#include "cursor_file.hpp"
#include "topic_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>

namespace logpipe::journal {

namespace {

// What is written and not synced: memory, because it must be there to be written again, and work that a crash undoes.
constexpr std::size_t held_bytes_max = std::size_t{16} << 20U;
constexpr std::size_t held_batches_max = 1024;
// With a sync only now and then, this much does not wait for it: what a pump has in flight is bounded, and a source
// that has reached that bound would wait for the time to pass.
constexpr std::size_t waiting_bytes_max = std::size_t{2} << 20U;

std::size_t bytes_of(batch const& events) {
    return events.records.size() + events.documents.size() + events.events.size() * sizeof(event);
}

}  // namespace

topic_writer::topic_writer(journal_options options, environment world)
    : options_{std::move(options)},
      world_{std::move(world)},
      name_{fmt::format("journal {}", topic_name(options_.folder))},
      segments_{*world_.files, options_.folder},
      room_{world_, options_.folder, options_.bytes_max},
      clock_{name_, world_},
      window_{options_.chunk_window_count} {}

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
    if (auto made = make_lasting_folder(files, folder); !made) return made;
    if (auto made = make_lasting_folder(files, cursors_folder(folder)); !made) return made;
    auto lock = files.open(folder + "/lock", file_access::create);
    if (!lock) return lock.error();
    lock_ = *std::move(lock);
    if (auto locked = lock_->lock(); !locked) {
        if (locked.error().code != errc::busy) return locked;
        return error{errc::busy, fmt::format("{} is written by another logpipe", folder)};
    }

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

    if (auto opened = open_segments(*std::move(found), cursors_end); !opened) return opened;
    auto state = files.open(state_path(folder), file_access::create);
    if (!state) return state.error();
    state_ = *std::move(state);
    publish();
    room_.look(segments_.bytes());
    if (room_.is_short())
        log_warn(
            "{}: its limit is {} bytes, but its disk has room for {} of them: it fills up there; make room, or lower "
            "the limit",
            name_, options_.bytes_max, room_.limit());
    show_figures();
    for (auto const& note : report_.notes) log_warn("{}: {}", name_, note);
    if (options_.sync == journal_sync::interval)
        regular_sync_ = start_thread("journal-sync", [this] { sync_regularly(stop_.get_token()); });
    return {};
}

result<> topic_writer::open_segments(recovered_topic found, std::uint64_t cursors_end) {
    epoch_ = world_.random();
    next_offset_ = std::max(found.end_offset, cursors_end);
    published_offset_ = next_offset_;
    synced_at_ = world_.steady();
    board_->add_gap(found.end_offset, next_offset_);
    if (next_offset_ > found.end_offset)
        report_.notes.push_back(fmt::format("events end at offset {}, but a cursor is at {}: going on from there",
                                            found.end_offset, next_offset_));
    for (auto const& key : found.runs) window_.insert(key);
    for (auto const& entry : found.segments) {
        segments_.add(entry);
        clock_.not_before(entry.newest_ns);
    }
    if (found.segments.empty()) return begin_segment();

    auto const& last = found.segments.back();
    auto resumed = segment_writer::resume(*world_.files, options_.folder, last.first_offset, last.bytes);
    if (!resumed) return resumed.error();
    active_ = *std::move(resumed);
    published_bytes_ = last.bytes;
    active_began_ns_ = last.newest_ns;
    return {};
}

/// Runs `step` under the lock and then, whatever came of it, gives back the batches that are finished: without the
/// lock, because whoever is told may call us.
result<> topic_writer::run_and_deliver(std::function<result<>()> const& step) {
    std::vector<held> finished;
    result<> outcome;
    {
        std::lock_guard lock{mutex_};
        outcome = step();
        finished.swap(finished_);
        show_figures();
    }
    for (auto& done : finished) {
        done.events.counts.indexed = done.counts.indexed;
        done.events.counts.already_there = done.counts.already_there;
        std::lock_guard lock{done.to->mutex};
        if (done.to->reports != nullptr) done.to->reports->done(std::move(done.events));
    }
    return outcome;
}

result<> topic_writer::write(std::shared_ptr<outlet> const& to, batch& events) {
    return run_and_deliver([&]() -> result<> {
        if (active_.broken())
            if (auto again = start_over(); !again) return again;
        if (held_bytes_ >= held_bytes_max || held_.size() >= held_batches_max)
            if (auto synced = sync(); !synced) return synced;
        held taken{.to = to, .events = std::move(events), .counts = {}};
        if (auto appended = append(taken); !appended) {
            events = std::move(taken.events);
            // That one alone: the others of the batch are offered again.
            if (appended.error().code == errc::rejected)
                events.reject(encoder_.index(), "journal", appended.error().message);
            return appended;
        }
        held_bytes_ += bytes_of(taken.events);
        held_.push_back(std::move(taken));
        return {};
    });
}

result<> topic_writer::flush(outlet const& by) {
    return run_and_deliver([&] { return by.repeats == journal_repeats::drop && may_wait() ? result<>{} : sync(); });
}

/// Whether what is held is left to the next regular sync.
bool topic_writer::may_wait() const {
    return options_.sync == journal_sync::interval && held_bytes_ < waiting_bytes_max &&
           world_.steady() - synced_at_ < options_.sync_interval;
}

result<> topic_writer::append(held& what) {
    if (auto encoded = encode(what, what.counts); !encoded) return encoded;
    if (encoder_.bytes() == 0) return {};  // all of it is here already
    if (auto room = make_room(encoder_.bytes()); !room) return room;
    return put(what.events, what.counts);
}

/// Makes the frames of what is not here yet; nothing else changes.
result<> topic_writer::encode(held const& what, event_counts& counts) {
    auto const& events = what.events;
    bool const drops = what.to->repeats == journal_repeats::drop && options_.chunk_window_count > 0;
    counts = {};
    fresh_.clear();
    received_ns_ = clock_.now();
    encoder_.begin(events, received_ns_);
    auto offset = next_offset_;
    while (true) {
        auto const more = encoder_.next();
        if (!more) return more.error();
        if (!*more) return {};
        auto const& header = encoder_.header();
        auto const key = header.key();
        bool const here =
            header.chunk && drops && (window_.contains(key) || pending_.contains(key) || !fresh_.insert(key).second);
        if (here) {
            counts.already_there += header.event_count;
            encoder_.drop();
            continue;
        }
        counts.indexed += header.event_count;
        encoder_.keep(epoch_, offset);
        offset += header.event_count;
    }
}

/// Appends the encoded frames to the active segment.
result<> topic_writer::put(batch const& events, event_counts const& counts) {
    if (auto written = active_.append(encoder_.parts(), encoder_.bytes()); !written) {
        if (written.error().code == errc::storage_full) room_.look(segments_.bytes());
        return written;
    }
    pending_.merge(fresh_);
    next_offset_ += counts.indexed;
    std::int64_t const received_ns =
        events.events.back().received_ns != 0 ? events.events.back().received_ns : received_ns_;
    if (active_began_ns_ == 0) active_began_ns_ = received_ns;
    segments_.set_active(active_.bytes(), received_ns);
    return {};
}

/// Group commit: one sync for all that was written since the last.
result<> topic_writer::sync() {
    if (active_.broken())
        if (auto again = start_over(); !again) return again;
    if (active_.bytes() > published_bytes_) {
        auto const synced = options_.sync == journal_sync::never ? active_.check_place() : active_.sync();
        if (!synced) {
            log_warn("{}: {}; writing again to another segment", name_, synced.error().message);
            active_.give_up(published_bytes_);
            return synced;
        }
        if (options_.sync != journal_sync::never) figures_.syncs.fetch_add(1, std::memory_order_relaxed);
    }
    synced_at_ = world_.steady();
    if (published_offset_ != next_offset_) {
        published_offset_ = next_offset_;
        published_bytes_ = active_.bytes();
        publish();
    }
    // Only now: a repeat of something that a crash takes away must not be dropped.
    for (auto const& key : pending_) window_.insert(key);
    pending_.clear();
    for (auto& done : held_) {
        figures_.repeated_events.fetch_add(done.counts.already_there, std::memory_order_relaxed);
        finished_.push_back(std::move(done));
    }
    held_.clear();
    held_bytes_ = 0;
    return {};
}

/// After a failed sync nobody knows what of the unsynced bytes is on disk: all held batches are written again, to
/// another segment. Nobody has read them, so they may have the same offsets.
result<> topic_writer::start_over() {
    LOGPIPE_ASSERT(active_.broken());
    active_.give_up(published_bytes_);
    segments_.set_active(published_bytes_, 0);
    next_offset_ = published_offset_;
    pending_.clear();
    if (auto begun = begin_segment(); !begun) return begun;
    for (auto& what : held_) {
        auto again = encode(what, what.counts);
        if (again && encoder_.bytes() > 0) again = put(what.events, what.counts);
        if (again) continue;
        active_.give_up(0);
        return again;
    }
    return {};
}

result<> topic_writer::begin_segment() {
    // Where the folder was taken away, another one of its name may be another writer's.
    if (auto there = lock_->in_place(); !there)
        return error{there.error().code,
                     fmt::format("{}; nothing is acknowledged until it is back: bring it back, or start logpipe again",
                                 there.error().message)};
    auto made = with_reserve(*world_.files, folder_of(options_.folder),
                             [this] { return segment_writer::create(*world_.files, options_.folder, next_offset_); });
    if (!made) return made.error();
    active_ = *std::move(made);
    published_bytes_ = 0;
    active_began_ns_ = 0;
    segments_.add({.first_offset = next_offset_});
    return {};
}

/// Only the last segment ever holds bytes that are not synced.
result<> topic_writer::roll() {
    if (auto synced = sync(); !synced) return synced;
    auto begun = begin_segment();
    // Its name may be there, which says that no later offset is in the one before: nothing may be appended to that.
    if (!begun)
        active_.give_up(published_bytes_);
    else
        publish();  // so that readers close the one before
    return begun;
}

result<> topic_writer::raise_to(std::uint64_t offset) {
    return run_and_deliver([&]() -> result<> {
        if (offset <= next_offset_) return {};
        if (auto synced = sync(); !synced) return synced;
        log_warn("{}: events end at offset {}, but a reader is at {}: going on from there", name_, next_offset_,
                 offset);
        board_->add_gap(next_offset_, offset);
        next_offset_ = published_offset_ = offset;
        published_bytes_ = active_.bytes();
        publish();
        return {};
    });
}

void topic_writer::publish() {
    synced_mark const mark{
        .epoch = epoch_, .offset = published_offset_, .segment = active_.first_offset(), .bytes = published_bytes_};
    auto const bytes = encode_state(mark);
    std::string_view const part{bytes.data(), bytes.size()};
    // The next one tells as much: only readers in other processes wait longer.
    if (auto told = state_->write_at(0, {&part, 1}); !told) log_warn("{}: {}", name_, told.error().message);
    board_->publish(mark);
}

void topic_writer::show_figures() {
    figures_.bytes.store(segments_.bytes(), std::memory_order_relaxed);
    figures_.segments.store(segments_.count(), std::memory_order_relaxed);
    figures_.limit_bytes.store(room_.limit(), std::memory_order_relaxed);
    figures_.reserve_bytes.store(room_.reserve().bytes(), std::memory_order_relaxed);
    figures_.reserves_given_up.store(room_.reserve().given_up(), std::memory_order_relaxed);
    figures_.clock_jumps.store(clock_.jumps(), std::memory_order_relaxed);
}

void topic_writer::sync_regularly(std::stop_token stop) {
    std::mutex waiting;
    std::condition_variable_any never;
    while (!stop.stop_requested()) {
        std::unique_lock lock{waiting};
        never.wait_for(lock, stop, options_.sync_interval, [] { return false; });
        if (auto synced = run_and_deliver([&] { return sync(); }); !synced)
            log_error("{}: {}", name_, synced.error().message);
    }
}

}  // namespace logpipe::journal
