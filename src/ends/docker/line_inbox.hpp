// Lines between the network thread, which adds them, and the pump's thread, which takes them a batch at a time and says
// which are safe. A container is a partition; its offsets count the lines of this run, and what they mean in its log
// is kept here until they are committed.
#pragma once

#include "log_position.hpp"

#include "logpipe/stage.hpp"

#include "core/memory_budget.hpp"
#include "core/mutex.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace logpipe::docker {

/// Any thread.
class line_inbox final {
  public:
    enum class taken { events, nothing, closed_and_empty };

    /// @param bytes_max  of records that read() has not taken.
    /// @param unsafe_bytes_max  of records that are not committed: docs/internals/container-logs.md.
    line_inbox(std::size_t bytes_max, std::size_t unsafe_bytes_max)
        : bytes_max_{bytes_max}, unsafe_bytes_max_{unsafe_bytes_max}, memory_{process_memory(), "container lines"} {}

    /// What a positions file said, before the first join().
    void restore(std::map<std::string, container_position> before);
    /// Somebody follows the container, until leave(). @return its partition; a container that was forgotten meanwhile
    /// gets a new one.
    [[nodiscard]] std::uint32_t join(std::string const& id);
    void leave(std::uint32_t partition);
    /// Where to read on: after the last line that was added.
    [[nodiscard]] container_position position_of(std::uint32_t partition) const;
    /// The engine does not have them any more, nor those that it did not name: their positions go once all their lines
    /// are safe.
    void forget(std::string const& id);
    void keep_only(std::span<std::string const> ids);

    void add(std::uint32_t partition, std::string_view tag, engine_line const& line, std::string_view record);
    /// Where this is false, add() waits to be called until take() or commit() has made room. A container may have as
    /// much that is not committed as is left for the others: one whose lines are not taken leaves room for the rest.
    [[nodiscard]] bool has_room(std::uint32_t partition) const;

    /// The partitions take turns.
    [[nodiscard]] taken take(batch& into, steady_time until, bool& made_room);
    void wake();
    /// No more lines come in.
    void close();

    /// @return whether that changed anything.
    bool commit(std::span<progress const> safe);
    [[nodiscard]] std::map<std::string, container_position> safe_positions() const;
    [[nodiscard]] std::uint64_t lines() const;
    [[nodiscard]] std::size_t bytes() const;
    [[nodiscard]] std::size_t unsafe_bytes() const;

  private:
    struct checkpoint {
        std::uint64_t offset = 0;
        container_position position;
        std::size_t bytes = 0;
    };
    struct container_queue {
        std::string id;
        batch waiting;
        std::uint64_t next_offset = 0;
        container_position position;  // of the last line added
        container_position safe;
        bool has_safe = false;  // it has a position worth keeping
        std::deque<checkpoint> given;
        std::size_t unsafe_bytes = 0;  // of `waiting` and `given`
        bool followed = false;
        bool gone = false;  // from the engine
    };
    using queue_map = std::map<std::uint32_t, container_queue>;  // by partition
    [[nodiscard]] queue_map::iterator next_waiting() LOGPIPE_REQUIRES(mutex_);
    void drop_finished() LOGPIPE_REQUIRES(mutex_);

    std::size_t const bytes_max_;
    std::size_t const unsafe_bytes_max_;
    mutable mutex mutex_;
    condition changed_;
    queue_map queues_ LOGPIPE_GUARDED_BY(mutex_);
    std::uint32_t next_partition_ LOGPIPE_GUARDED_BY(mutex_) = 0;
    std::map<std::string, std::uint32_t> partitions_ LOGPIPE_GUARDED_BY(mutex_);  // of queues_, by the container's id
    std::map<std::string, container_position> before_
        LOGPIPE_GUARDED_BY(mutex_);                      // of containers that nobody follows yet
    std::uint32_t turn_ LOGPIPE_GUARDED_BY(mutex_) = 0;  // the partition that was served last
    memory_share memory_ LOGPIPE_GUARDED_BY(mutex_);     // of records that were not taken
    std::size_t unsafe_bytes_ LOGPIPE_GUARDED_BY(mutex_) = 0;
    std::uint64_t lines_ LOGPIPE_GUARDED_BY(mutex_) = 0;
    bool woken_ LOGPIPE_GUARDED_BY(mutex_) = false;
    bool closed_ LOGPIPE_GUARDED_BY(mutex_) = false;
};

}  // namespace logpipe::docker
