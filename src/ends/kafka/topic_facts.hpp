// What must be known of a topic before its events move. A separate client requests it: one that never creates topics by
// requesting them, as producers do where the broker allows it.
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
    /// `max.message.bytes` of the topic: of a batch, after compression. 0 where we have no permission to read it.
    std::int64_t batch_bytes_max = 0;
};

struct topic_request {
    std::string name;
    bool create = false;  ///< creates it where it is unknown, with the next three
    std::int32_t partitions = 1;
    std::int16_t replication = 1;
    std::vector<std::pair<std::string, std::string>> properties;
    bool with_offsets = false;  ///< fills in begin and end
    std::chrono::milliseconds timeout{10'000};
};

/// @param cancelled  makes it return errc::cancelled within a second
/// @return errc::not_found where it is unknown and not to be created; errc::unauthorized as soon as the cluster has
/// said so
[[nodiscard]] result<topic_facts> find_topic(kafka_connection const& connection, std::string const& stage,
                                             topic_request const& wanted, std::atomic<bool> const& cancelled);

}  // namespace logpipe::kafka
