// The durable append-only log: the forwarder's disk buffer and the embedded broker. A topic is a folder of segments.
// The format is drawn in src/ends/journal/segment_format.hpp and in docs/internals/journal.md.
#pragma once

#include "core/environment.hpp"
#include "logpipe/descriptor.hpp"
#include "logpipe/stage.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::journal {

/// When what was written is synced. Batches are done after that, but for `never`.
enum class journal_sync { every_group, interval, never };
enum class journal_full { block, drop_oldest };

struct journal_options {
    std::string folder;  ///< DIR/TOPIC
    std::uint64_t segment_bytes = std::uint64_t{128} << 20U;
    std::uint64_t bytes_max = std::uint64_t{8} << 30U;  ///< less where the disk has less: some of it is left to others
    /// Events received longer ago are dropped, read or not; 0: none. Checked when something is written, and by tend().
    std::chrono::seconds age_max{0};
    /// Segments that every cursor has passed stay while their newest event was received less long ago than this, and
    /// room is not needed.
    std::chrono::seconds keep{0};
    journal_full when_full = journal_full::block;
    journal_sync sync = journal_sync::every_group;
    std::chrono::milliseconds sync_interval{1000};
    std::size_t chunk_window_count = 65'536;  ///< how many of the newest chunks a duplicate is recognised among
};

/// What recovery did, for people; empty lines where all was well.
struct journal_recovery {
    std::uint64_t bytes_cut = 0;
    std::uint64_t segments_set_aside = 0;
    std::vector<std::string> notes;
};

/// What a sink does with a chunk that the topic has already: a client's retry is dropped; what an operator sends on
/// purpose is kept, and is synced by each flush(), since the operator waits for it.
enum class journal_duplicates { drop, keep };

/// Offsets from `begin` up to `end`, which is not one of them.
struct offset_range {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
};

/// One topic, open for writing, with the writer's lock. Its sinks and sources may outlive it. Any thread.
class topic {
  public:
    virtual ~topic() = default;
    [[nodiscard]] virtual std::unique_ptr<sink> make_sink(journal_duplicates duplicates = journal_duplicates::drop) = 0;
    /// @param group  names the cursor; two open sources of one group are an error (errc::busy).
    [[nodiscard]] virtual std::unique_ptr<source> make_source(std::string group) = 0;
    [[nodiscard]] virtual journal_recovery const& recovery() const = 0;
    [[nodiscard]] virtual std::uint64_t synced_offset() const = 0;
    /// Events of chunks that the journal had already, since it was opened.
    [[nodiscard]] virtual std::uint64_t duplicate_events() const = 0;
    /// Removes every segment all of whose events are in one of `ranges`, the one that is written to included.
    /// @param ranges  ascending and apart
    /// @return the bytes that are free now
    [[nodiscard]] virtual result<std::uint64_t> free(std::span<offset_range const> ranges) = 0;
    /// To be called now and then: does what another process has requested by request_free(), and keeps to the limit of
    /// age while nothing is written.
    [[nodiscard]] virtual result<> tend() = 0;
};

/// Opens or makes a topic. @return errc::busy when another process writes it; a damaged one opens, see recovery().
[[nodiscard]] result<std::shared_ptr<topic>> open_journal(journal_options options);
[[nodiscard]] result<std::shared_ptr<topic>> open_journal(journal_options options, environment world);

/// Requests the process that has the topic open for writing to do free(); replaces a request that is not done yet.
[[nodiscard]] result<> request_free(std::string const& folder, std::span<offset_range const> ranges);
/// A request is not done yet.
[[nodiscard]] bool is_free_requested(std::string const& folder);

struct journal_source_options {
    std::string folder;      ///< DIR/TOPIC
    std::string group;       ///< names the cursor; two open sources of one group are an error (errc::busy)
    bool until_end = false;  ///< errc::end_of_input once what was synced at the first open() is read, or read over
};
/// Reads a topic that another process may be writing; never past what that one has synced. open() gives
/// errc::not_connected until the topic is there.
[[nodiscard]] std::unique_ptr<source> make_journal_source(journal_source_options options);
/// Gives the events that come into a topic from now on, batch by batch, without a group: it keeps no position and
/// keeps no segment. `each` gets an empty batch, many times a second, while nothing comes; it ends by false or an
/// error.
/// @return errc::not_found where the topic does not exist
[[nodiscard]] result<> follow_journal(std::string const& folder, std::function<result<bool>(batch const&)> const& each);

/// Moves the position of a group that no source reads for. @param counts  of the events in between, added to its own
/// @return errc::busy while a source reads for it, or where it is not at `from` any more; errc::not_found for no group
[[nodiscard]] result<> move_journal_group(std::string const& folder, std::string const& group, std::uint64_t from,
                                          std::uint64_t to, event_counts const& counts);

struct journal_segment_info {
    std::string path;
    std::uint64_t first_offset = 0;
    std::uint64_t end_offset = 0;
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
    std::vector<std::string> damage;  ///< one line each; empty = whole
};
struct journal_cursor_info {
    std::string group;
    std::uint64_t offset = 0;
    event_counts counts;
};
struct journal_info {
    std::string folder;
    std::vector<journal_segment_info> segments;
    std::vector<journal_cursor_info> cursors;
    std::vector<std::string> damage;  ///< of other files than segments
};

/// Offline, read-only: every frame is read and checked.
[[nodiscard]] result<journal_info> inspect_journal(std::string const& folder);
/// Cuts torn tails, sets bad segments aside as `.bad`. @return errc::busy while a writer has it open.
[[nodiscard]] result<journal_recovery> repair_journal(std::string const& folder);
/// Gives every readable event of the topic, batch by batch, in order; stops at the first error that `each` returns.
[[nodiscard]] result<> export_journal(std::string const& folder, std::function<result<>(batch const&)> const& each,
                                      file_system& files = system_files());

/// Where events of one frame are.
struct journal_frame_place {
    std::string_view segment;  ///< its file's name
    std::uint64_t epoch = 0;
};
/// The same, but each batch is of one frame.
[[nodiscard]] result<> export_frames(std::string const& folder,
                                     std::function<result<>(journal_frame_place const&, batch const&)> const& each);

/// The topic of a URI, opened for writing by the first caller in the process.
[[nodiscard]] result<std::shared_ptr<topic>> open_shared_topic(end_request const& request);

extern end_descriptor const journal_end;

}  // namespace logpipe::journal
