// Where a member starts in the partitions that it is assigned: at the group's offset, unless that is of another topic
// or beyond the partition's end; else where --start says.
#pragma once

#include "group_member.hpp"

#include <cstdint>
#include <set>

namespace logpipe::kafka {

/// On the member's thread. Each call waits for the brokers.
class start_offsets final {
  public:
    /// @param start  where partitions without an offset start, as ListOffsets takes it
    start_offsets(group_member& member, topic_facts const& facts, std::int64_t start);

    /// Before the member joins. With `--start end`, partitions that were added after the group got its offsets are read
    /// from their beginning: their first messages were written before any member could know of them.
    [[nodiscard]] result<> find_late_partitions();
    /// Sets the offset of each to where it starts; `opaque` where that was committed. Tries until it knows.
    /// @return false when the assignment was lost, or the member stops
    [[nodiscard]] bool find(rd_kafka_topic_partition_list_t* list);

  private:
    [[nodiscard]] result<> find_committed(rd_kafka_topic_partition_list_t* list);
    void drop_of_other_topics(rd_kafka_topic_partition_list_t* list);
    [[nodiscard]] result<> drop_beyond_end(rd_kafka_topic_partition_list_t* list);
    [[nodiscard]] bool find_uncommitted(rd_kafka_topic_partition_list_t* list);
    void restart(rd_kafka_topic_partition_t& partition);

    group_member& member_;
    std::int64_t const start_;
    std::set<std::int32_t> at_start_;  // partitions that start there; those that were added later, at their beginning
};

/// What logpipe has committed with the offset.
[[nodiscard]] std::optional<commit_metadata> metadata_of(rd_kafka_topic_partition_t const& found);

}  // namespace logpipe::kafka
