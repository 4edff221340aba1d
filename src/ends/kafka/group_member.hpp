// What the parts of one member of a consumer group share: the client, and the partitions that it is assigned.
#pragma once

#include "client_events.hpp"
#include "group_positions.hpp"
#include "intake.hpp"
#include "kafka/kafka.hpp"
#include "topic_facts.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace logpipe::kafka {

/// One assignment of one partition, as it is read.
struct reading {
    std::uint32_t number = 0;
    std::int64_t next = 0;                            // offset of the next message
    std::int64_t taken = 0;                           // after the last event
    std::int64_t end = 0;                             // the newest that is known
    std::int32_t epoch = -1;                          // of the leader that wrote the last message
    std::int64_t sought = -1;                         // `next` when it last sought back to a gap
    std::uint64_t sought_in = 0;                      // the round of that
    std::uint32_t gaps = 0;                           // that stayed
    passed_offsets passed;                            // since the assignment
    std::vector<group_positions::passed_mark> marks;  // since the last round
    std::int64_t begin = 0;                           // the oldest offset that was there…
    std::chrono::steady_clock::time_point begin_at;   // …when the broker was asked
    bool touched = false;
    bool is_revoked = false;  // it drains; another member waits for it
    std::string origin;
};
using readings = std::map<std::int32_t, reading>;

/// What a member counts. Written by its thread, read from any.
struct member_figures {
    std::atomic<std::uint64_t> assigned{0};
    std::atomic<std::int64_t> lag{0};
    std::atomic<std::int64_t> unread{-1};  // offsets after the last message taken; negative: not known yet
    std::atomic<std::uint64_t> tombstones{0};
    std::atomic<std::uint64_t> missing_offsets{0};
    std::atomic<std::uint64_t> expired_offsets{0};
    std::atomic<std::uint64_t> rebalances{0};
    std::atomic<std::uint64_t> commits_failed{0};
    std::atomic<std::uint64_t> beyond_end{0};       // committed offsets
    std::atomic<std::uint64_t> of_other_topics{0};  // likewise, of a topic that was deleted
};

/// The member's thread uses it, but for the atomics.
struct group_member {
    kafka_source_options const options;
    intake& into;
    group_positions& positions;
    client_events& events;  ///< the client's; outlives it
    member_figures figures{};
    std::atomic<bool> stopping{false};
    log_limit error_lines{};
    client_handle client{};
    readings assigned{};
    std::string topic_id{};  ///< when partitions were assigned; empty: not known
};

[[nodiscard]] inline std::span<rd_kafka_topic_partition_t> all_of(rd_kafka_topic_partition_list_t const& list) {
    return {list.elems, static_cast<std::size_t>(list.cnt)};
}
[[nodiscard]] inline partition_list copy_of(rd_kafka_topic_partition_list_t const& list) {
    return partition_list{rd_kafka_topic_partition_list_copy(&list)};
}

}  // namespace logpipe::kafka
