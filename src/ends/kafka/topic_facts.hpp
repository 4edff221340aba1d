// What must be known of a topic before its events move, asked by a client of its own: one that never makes topics by
// asking for them, as producers do where the broker allows it.
#pragma once

#include "kafka/kafka_admin.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace logpipe::kafka {

struct topic_facts {
    std::string cluster_id;
    std::vector<kafka_partition> partitions;
    /// `max.message.bytes` of the topic: of a batch, after compression. 0 where we may not know it.
    std::int64_t batch_bytes_max = 0;
};

struct topic_wish {
    std::string name;
    bool create = false;  ///< makes it where it is unknown, with the next three
    std::int32_t partitions = 1;
    std::int16_t replication = 1;
    std::vector<std::pair<std::string, std::string>> properties;
    bool with_offsets = false;  ///< fills in begin and end
    std::chrono::milliseconds patience{10'000};
};

/// @param cancelled  makes it return errc::cancelled within a second
/// @return errc::not_found where it is unknown and not to be made; errc::unauthorized as soon as the cluster has said
/// so
[[nodiscard]] result<topic_facts> find_topic(kafka_connection const& connection, std::string const& stage,
                                             topic_wish const& wish, std::atomic<bool> const& cancelled);

}  // namespace logpipe::kafka
