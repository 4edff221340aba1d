// The writing side of one topic: appends batches, makes many of them safe with one sync, drops duplicates, and keeps to
// the limits. It lives as long as the journal or any sink or source of it.
#pragma once

#include "chunk_filter.hpp"
#include "core/mutex.hpp"
#include "disk_limit.hpp"
#include "environment.hpp"
#include "frame_encoder.hpp"
#include "journal/journal.hpp"
#include "pending_batches.hpp"
#include "receive_clock.hpp"
#include "recovery.hpp"
#include "retention.hpp"
#include "shared_mark.hpp"
#include "stalled_groups.hpp"
#include "topic_log.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <thread>

namespace logpipe::journal {

/// What the writer counts, for status. Written under its lock, read from any thread.
struct writer_figures {
    std::atomic<std::uint64_t> bytes{0};
    std::atomic<std::uint64_t> segments{0};
    std::atomic<std::uint64_t> syncs{0};
    std::atomic<std::uint64_t> duplicate_events{0};
    std::atomic<std::uint64_t> dropped_segments{0};
    std::atomic<std::uint64_t> limit_bytes{0};  ///< what the disk leaves of the option's
    std::atomic<std::uint64_t> reserve_bytes{0};
    std::atomic<std::uint64_t> reserves_released{0};
    std::atomic<std::uint64_t> clock_jumps{0};
    std::atomic<std::uint64_t> dropped_events{0};
};

/// Any thread.
class topic_writer final {
  public:
    /// @return errc::busy when another writer has the topic, errc::invalid_argument for limits that cannot work or a
    ///         format that is too new.
    [[nodiscard]] static result<std::shared_ptr<topic_writer>> open(journal_options options, environment world);
    ~topic_writer();
    topic_writer(topic_writer const&) = delete;
    topic_writer& operator=(topic_writer const&) = delete;

    /// Appends `events` and takes them, to give them back by `to` once they are synced. Syncs by itself what was
    /// written before when that has become much.
    [[nodiscard]] result<> write(std::shared_ptr<outlet> const& to, batch& events);
    /// Makes all that was written safe and gives it back; where the options want a sync only now and then, by the
    /// next one, unless an operator waits for it.
    [[nodiscard]] result<> flush(outlet const& by);
    /// New events get offsets from here on at least: a reader's position is there already.
    [[nodiscard]] result<> raise_to(std::uint64_t offset);
    /// Removes segments that every cursor on disk has passed. @param offset  of the cursor that was moved
    [[nodiscard]] result<> free_passed(std::uint64_t offset);
    /// As free() and tend() of the topic.
    [[nodiscard]] result<std::uint64_t> free(std::span<offset_range const> ranges);
    [[nodiscard]] result<> tend();

    [[nodiscard]] std::shared_ptr<shared_mark> const& mark() const noexcept { return mark_; }
    [[nodiscard]] writer_figures const& figures() const noexcept { return figures_; }
    [[nodiscard]] stalled_groups const& stalled() const noexcept { return stalled_; }
    [[nodiscard]] journal_recovery const& report() const noexcept { return report_; }
    [[nodiscard]] std::string const& folder() const noexcept { return options_.folder; }

  private:
    topic_writer(journal_options options, environment world);
    [[nodiscard]] result<> start();
    [[nodiscard]] result<> open_log(recovered_topic found, std::uint64_t cursors_end) LOGPIPE_REQUIRES(mutex_);

    [[nodiscard]] result<> append(pending_batch& what) LOGPIPE_REQUIRES(mutex_);
    [[nodiscard]] result<> encode(pending_batch& what) LOGPIPE_REQUIRES(mutex_);
    [[nodiscard]] result<> put(pending_batch const& what) LOGPIPE_REQUIRES(mutex_);
    [[nodiscard]] result<> make_room(std::uint64_t bytes) LOGPIPE_REQUIRES(mutex_);
    [[nodiscard]] result<> sync() LOGPIPE_REQUIRES(mutex_);
    [[nodiscard]] result<> roll() LOGPIPE_REQUIRES(mutex_);
    [[nodiscard]] result<> rewrite_pending() LOGPIPE_REQUIRES(mutex_);
    [[nodiscard]] bool may_wait() const LOGPIPE_REQUIRES(mutex_);
    [[nodiscard]] result<> observe_groups() LOGPIPE_REQUIRES(mutex_);
    void show_figures() LOGPIPE_REQUIRES(mutex_);
    [[nodiscard]] result<> run_and_deliver(std::function<result<>()> const& step) LOGPIPE_EXCLUDES(mutex_);
    void sync_regularly(std::stop_token stop);

    journal_options const options_;
    environment const world_;
    std::string const name_;
    journal_recovery report_;
    writer_figures figures_;
    stalled_groups stalled_;  // observed under the lock

    mutex mutex_;
    topic_log log_ LOGPIPE_GUARDED_BY(mutex_);
    receive_clock clock_ LOGPIPE_GUARDED_BY(mutex_);
    retention retention_ LOGPIPE_GUARDED_BY(mutex_);  // after the log and the clock, which it refers to
    disk_limit limit_ LOGPIPE_GUARDED_BY(mutex_);
    chunk_filter chunks_ LOGPIPE_GUARDED_BY(mutex_);
    frame_encoder encoder_ LOGPIPE_GUARDED_BY(mutex_);
    pending_batches pending_ LOGPIPE_GUARDED_BY(mutex_);
    std::chrono::steady_clock::time_point observed_at_ LOGPIPE_GUARDED_BY(mutex_);

    std::shared_ptr<shared_mark> const mark_;  // the log's

    std::stop_source stop_;
    std::jthread regular_sync_;  // for journal_sync::interval only
};

}  // namespace logpipe::journal
