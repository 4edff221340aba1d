// The writing side of one topic: appends batches, makes many of them safe with one sync, tells readers how far they may
// read, recognises repeats, and keeps to the limits. It lives as long as the journal or any sink or source of it.
#pragma once

#include "chunk_window.hpp"
#include "core/log.hpp"
#include "disk_room.hpp"
#include "environment.hpp"
#include "frame_encoder.hpp"
#include "journal/journal.hpp"
#include "receive_clock.hpp"
#include "recovery.hpp"
#include "segment_list.hpp"
#include "segment_writer.hpp"
#include "synced_board.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace logpipe::journal {

/// Where a sink's batches are reported. The writer may still hold batches of a sink that is gone.
struct outlet {
    std::mutex mutex;                                 // guards reports, also while it is called
    completions* reports = nullptr;                   ///< none: the sink is gone
    journal_repeats repeats = journal_repeats::drop;  ///< never changes
};

/// What the writer counts, for status. Written under its lock, read from any thread.
struct writer_figures {
    std::atomic<std::uint64_t> bytes{0};
    std::atomic<std::uint64_t> segments{0};
    std::atomic<std::uint64_t> syncs{0};
    std::atomic<std::uint64_t> repeated_events{0};
    std::atomic<std::uint64_t> dropped_segments{0};
    std::atomic<std::uint64_t> limit_bytes{0};  ///< what the disk leaves of the option's
    std::atomic<std::uint64_t> reserve_bytes{0};
    std::atomic<std::uint64_t> reserves_given_up{0};
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
    /// Makes all that was written safe and gives it back; where the options ask for a sync only now and then, by the
    /// next one, unless somebody waits.
    [[nodiscard]] result<> flush(outlet const& by);
    /// New events get offsets from here on at least: somebody's position is there already.
    [[nodiscard]] result<> raise_to(std::uint64_t offset);
    /// Removes segments that every cursor on disk has passed. @param offset  of the cursor that was moved
    [[nodiscard]] result<> free_passed(std::uint64_t offset);
    /// As free() and tend().
    [[nodiscard]] result<std::uint64_t> free(std::span<offset_range const> ranges);
    [[nodiscard]] result<> tend();

    [[nodiscard]] std::shared_ptr<synced_board> const& board() const noexcept { return board_; }
    [[nodiscard]] writer_figures const& figures() const noexcept { return figures_; }
    [[nodiscard]] journal_recovery const& report() const noexcept { return report_; }
    [[nodiscard]] std::string const& folder() const noexcept { return options_.folder; }

  private:
    struct held {
        std::shared_ptr<outlet> to;
        batch events;
        event_counts counts;
    };

    struct freed_room {
        std::size_t segments = 0;
        std::uint64_t cursor = 0;  ///< the last group's; 0 where there is none
    };

    topic_writer(journal_options options, environment world);
    [[nodiscard]] result<> start();
    [[nodiscard]] result<> open_segments(recovered_topic found, std::uint64_t cursors_end);

    [[nodiscard]] result<> append(held& what);
    [[nodiscard]] result<> encode(held const& what, event_counts& counts);
    [[nodiscard]] result<> put(batch const& events, event_counts const& counts);
    [[nodiscard]] result<> sync();
    [[nodiscard]] bool may_wait() const;
    [[nodiscard]] result<> start_over();
    [[nodiscard]] result<> begin_segment();
    [[nodiscard]] result<> roll();
    [[nodiscard]] result<> make_room(std::uint64_t bytes);
    [[nodiscard]] result<bool> free_something();
    [[nodiscard]] result<freed_room> free_behind_cursors(std::int64_t before_ns);
    [[nodiscard]] std::int64_t kept_since_ns();
    [[nodiscard]] bool is_active_old();
    [[nodiscard]] result<> drop_old();
    [[nodiscard]] result<> drop_idle_old();
    [[nodiscard]] result<> drop_oldest();
    void publish();
    void show_figures();
    [[nodiscard]] result<> run_and_deliver(std::function<result<>()> const& step);
    void sync_regularly(std::stop_token stop);

    journal_options const options_;
    environment const world_;
    std::string const name_;
    std::unique_ptr<file> lock_;
    std::unique_ptr<file> state_;
    journal_recovery report_;
    std::shared_ptr<synced_board> const board_ = std::make_shared<synced_board>();
    writer_figures figures_;

    std::mutex mutex_;  // guards all below
    std::uint64_t epoch_ = 0;
    std::uint64_t next_offset_ = 0;
    std::uint64_t published_offset_ = 0;  // readers may read up to here
    std::uint64_t published_bytes_ = 0;   // of the active segment
    segment_writer active_;
    segment_list segments_;
    disk_room room_;
    receive_clock clock_;
    std::int64_t received_ns_ = 0;      // of what encoder_ holds
    std::int64_t active_began_ns_ = 0;  // when its first event was received; 0: it has none
    chunk_window window_;
    run_keys pending_;  // appended and not published
    run_keys fresh_;    // of the batch that encoder_ holds
    frame_encoder encoder_;
    std::vector<held> held_;  // taken and not published, in order
    std::size_t held_bytes_ = 0;
    std::vector<held> finished_;  // to be delivered without the lock
    std::chrono::steady_clock::time_point synced_at_;
    log_limit dropped_log_;

    std::stop_source stop_;
    std::jthread regular_sync_;  // for journal_sync::interval only
};

}  // namespace logpipe::journal
