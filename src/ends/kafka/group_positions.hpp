// The offsets of a member in the partitions that it is assigned: what it has taken, what of that is safe, what
// Kafka knows of it, and what was counted.
#pragma once

#include "commit_metadata.hpp"
#include "core/mutex.hpp"
#include "logpipe/stage.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace logpipe::kafka {

/// Any thread may call anything: the pump's commits, the polling one assigns and releases.
class group_positions final {
  public:
    /// A partition is assigned, from `offset` on. @return the number of this assignment, never one that was used before
    /// @param topic_id  goes with what is committed of it
    [[nodiscard]] std::uint32_t assign(std::int32_t partition, std::int64_t offset,
                                       std::optional<commit_metadata> const& found, std::string const& topic_id = {});
    /// It is not assigned any more; what is still in flight of it is only counted as gone.
    void release(std::uint32_t number);

    /// Offsets before `end` that have no event, since the assignment.
    struct passed_mark {
        std::int64_t end = 0;
        passed_offsets passed;
    };
    /// Everything before `next` was seen, and the last event of that ends at `taken`: what lies between (tombstones,
    /// gaps) is safe when that event is.
    /// @param marks  what was passed over since the last call, in order
    void saw(std::uint32_t number, std::int64_t taken, std::int64_t next, std::span<passed_mark const> marks);
    /// What the pump reports. Released assignments are only counted.
    void commit(std::span<progress const> safe);
    /// Every event that was taken is safe.
    [[nodiscard]] bool drained(std::uint32_t number) const;

    struct move {
        std::int32_t partition = 0;
        std::int64_t offset = 0;
        std::string metadata;
    };
    /// What Kafka does not know yet.
    [[nodiscard]] std::vector<move> due();
    /// Kafka has it.
    void committed(std::int32_t partition, std::int64_t offset);

    /// What the durable positions had counted when they were found, of the assigned partitions, less what this
    /// process has counted of those it returned: that is in another member's figures now. With what this process counts
    /// itself it makes the group's share; single terms may wrap around, their sums do not.
    [[nodiscard]] event_counts counted() const;
    /// What was passed over in the assigned partitions, what the durable positions had of it included.
    [[nodiscard]] passed_offsets passed() const;
    /// Offsets that are known to be committed, by partition.
    [[nodiscard]] std::vector<std::pair<std::int32_t, std::int64_t>> committed_offsets() const;

  private:
    struct assignment {
        std::int32_t partition = 0;
        std::uint32_t number = 0;
        commit_metadata base;  // as found
        event_counts since;
        std::int64_t taken = 0;
        std::int64_t next = 0;
        std::int64_t safe = 0;
        std::int64_t durable = 0;
        std::deque<passed_mark> marks;  // after the last position that was due
        passed_offsets before_marks;
        [[nodiscard]] bool drained() const noexcept { return safe >= taken; }
        [[nodiscard]] std::int64_t position() const noexcept { return drained() ? next : safe; }
    };
    [[nodiscard]] assignment* find(std::uint32_t number) LOGPIPE_REQUIRES(mutex_);

    mutable mutex mutex_;
    std::vector<assignment> assigned_ LOGPIPE_GUARDED_BY(mutex_);
    event_counts gone_ LOGPIPE_GUARDED_BY(mutex_);
    std::uint32_t last_number_ LOGPIPE_GUARDED_BY(mutex_) = 0;
};

}  // namespace logpipe::kafka
