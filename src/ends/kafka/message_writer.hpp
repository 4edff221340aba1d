// Makes messages of events, and gives them to librdkafka.
#pragma once

#include "kafka/kafka.hpp"
#include "rdkafka_handles.hpp"
#include "sent_batches.hpp"

#include <cstdint>
#include <string_view>

namespace logpipe::kafka {

/// For one client at a time, which the caller keeps while it is open. Any thread may produce.
class message_writer final {
  public:
    /// @param options, sent  outlive it
    message_writer(kafka_sink_options const& options, sent_batches& sent) : options_{options}, sent_{sent} {}

    /// @return false where librdkafka does not take the topic; rd_kafka_last_error() says the reason
    [[nodiscard]] bool open(rd_kafka_t* client);
    /// Before the client is destroyed.
    void close() { topic_.reset(); }
    /// Payload and batch stay where they are until the report.
    [[nodiscard]] rd_kafka_resp_err_t produce(message_tag tag) const;

  private:
    [[nodiscard]] rd_kafka_resp_err_t produce_letter(message_tag tag, std::string_view frame,
                                                     std::int64_t time_ns) const;
    [[nodiscard]] static std::int32_t choose_partition(rd_kafka_topic_t const* topic, void const* key,
                                                       std::size_t key_bytes, std::int32_t partition_count, void* table,
                                                       void* message);

    kafka_sink_options const& options_;
    sent_batches& sent_;
    rd_kafka_t* client_ = nullptr;
    topic_handle topic_;
};

}  // namespace logpipe::kafka
