// Which topic of its name it is: one that was deleted and recreated has another id (KIP-516).
#pragma once

#include "logpipe/result.hpp"
#include "rdkafka_handles.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace logpipe::kafka {

/// One request to the cluster. One thread.
class topic_id_request final {
  public:
    topic_id_request(rd_kafka_t* client, std::string topic, std::chrono::milliseconds time_max);
    /// Waits so long for the response.
    /// @return none: not there yet; empty where the broker does not say it (before Kafka 2.8, or without permission)
    [[nodiscard]] result<std::optional<std::string>> response(std::chrono::milliseconds wait);

  private:
    std::string const topic_;
    queue_handle const responses_;
};

}  // namespace logpipe::kafka
