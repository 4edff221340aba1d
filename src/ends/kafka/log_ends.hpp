// Where partitions end.
#pragma once

#include "rdkafka_handles.hpp"

#include <chrono>
#include <cstdint>
#include <map>

namespace logpipe::kafka {

/// The offset of the next message of each partition of `list`, after open transactions too. Waits for the response.
[[nodiscard]] result<std::map<std::int32_t, std::int64_t>> find_log_ends(rd_kafka_t* client,
                                                                         rd_kafka_topic_partition_list_t const& list,
                                                                         std::chrono::milliseconds time_max);

}  // namespace logpipe::kafka
