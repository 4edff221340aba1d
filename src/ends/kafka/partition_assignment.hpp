// What a rebalance assigns to this member and takes from it. A partition that is revoked drains before another member
// gets it.
#pragma once

#include "group_member.hpp"
#include "lag_meter.hpp"
#include "message_feed.hpp"
#include "offset_commits.hpp"
#include "start_offsets.hpp"
#include "topic_watch.hpp"

#include <chrono>
#include <string_view>

namespace logpipe::kafka {

/// On the member's thread.
class partition_assignment final {
  public:
    /// What a change of the assignment concerns; outlives it.
    struct parts {
        start_offsets& starts;
        message_feed& feed;
        offset_commits& commits;
        lag_meter& lag;
        topic_watch& watch;
    };
    partition_assignment(group_member& member, parts const& affected) : member_{member}, parts_{affected} {}

    /// The group has assigned partitions, all of them or more of them.
    void assign(rd_kafka_topic_partition_list_t const& partitions);
    /// The group has revoked partitions: what was read of them drains until return_drained() returns them.
    void revoke(rd_kafka_topic_partition_list_t const& partitions);
    /// Returns revoked partitions once they have drained, or their time is up.
    void return_drained();
    /// Returns at once what is revoked and what will be: the member leaves the group.
    void return_at_once();

    /// Partitions were assigned once, if only none.
    [[nodiscard]] bool was_assigned() const noexcept { return was_assigned_; }
    [[nodiscard]] bool is_revoking() const noexcept { return revoked_ != nullptr; }

  private:
    void return_all(rd_kafka_topic_partition_list_t const& partitions);
    [[nodiscard]] bool has_protocol(std::string_view name) const;

    group_member& member_;
    parts const parts_;
    partition_list revoked_;
    std::chrono::steady_clock::time_point return_by_;
    bool was_assigned_ = false;
    bool is_leaving_ = false;
};

}  // namespace logpipe::kafka
