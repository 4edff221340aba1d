// Which topic of its name it is: one that was deleted and made again has another id (KIP-516).
#pragma once

#include "logpipe/result.hpp"
#include "rdkafka_handles.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace logpipe::kafka {

/// One question to the cluster. One thread.
class topic_id_question final {
  public:
    topic_id_question(rd_kafka_t* client, std::string topic, std::chrono::milliseconds time_max);
    /// Waits so long for it.
    /// @return none: not there yet; empty where the broker does not tell it (before Kafka 2.8, or it is not ours to
    /// know)
    [[nodiscard]] result<std::optional<std::string>> answer(std::chrono::milliseconds wait);

  private:
    std::string const topic_;
    queue_handle const answers_;
};

}  // namespace logpipe::kafka
