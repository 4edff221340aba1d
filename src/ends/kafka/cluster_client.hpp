// Requests to a cluster, one at a time, each with a deadline; for the admin, the topic check and the tests.
#pragma once

#include "client_events.hpp"
#include "kafka/kafka_admin.hpp"
#include "rdkafka_handles.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace logpipe::kafka {

/// One thread.
class cluster_client final {
  public:
    /// @param cancelled  where set, makes every call return errc::cancelled within a second; outlives this
    [[nodiscard]] static result<std::unique_ptr<cluster_client>> connect(kafka_connection const& connection,
                                                                         std::string const& stage,
                                                                         std::chrono::milliseconds timeout,
                                                                         std::atomic<bool> const* cancelled);

    [[nodiscard]] result<std::string> cluster_id();
    [[nodiscard]] result<kafka_cluster> cluster();
    /// Without offsets. @return errc::not_found for an unknown topic
    [[nodiscard]] result<std::vector<kafka_partition>> partitions(std::string const& topic);
    /// Of all topics: more than any other call asks for, so for errors only.
    [[nodiscard]] result<std::vector<std::string>> topic_names();
    /// The first offset at or after this time (or RD_KAFKA_OFFSET_BEGINNING, RD_KAFKA_OFFSET_END) of each partition;
    /// -1 where no message is that new.
    [[nodiscard]] result<std::vector<std::int64_t>> offsets_at(std::string const& topic,
                                                               std::vector<kafka_partition> const& partitions,
                                                               std::int64_t timestamp_ms);
    /// Sets begin and end.
    [[nodiscard]] result<> add_offsets(std::string const& topic, std::vector<kafka_partition>& partitions);

    struct new_topic {
        std::string name;
        std::int32_t partitions = 1;
        std::int16_t replication = 1;
        std::vector<std::pair<std::string, std::string>> properties;
    };
    /// A topic that was created meanwhile is fine. Returns when every partition has a leader.
    [[nodiscard]] result<> create_topic(new_topic const& wanted);
    /// @param broker  gets the request: any knows
    /// @return errc::not_found where it has none of this name
    [[nodiscard]] result<std::string> topic_property(std::string const& topic, std::string const& name,
                                                     std::int32_t broker);

    /// Starts an admin request and waits for its response.
    [[nodiscard]] result<event_handle> request(
        rd_kafka_admin_op_t what, std::string const& doing,
        std::function<void(rd_kafka_AdminOptions_t*, rd_kafka_queue_t*)> const& start);

    [[nodiscard]] rd_kafka_t* get() const noexcept { return client_.get(); }

  private:
    cluster_client(std::string const& stage, std::chrono::milliseconds timeout, std::atomic<bool> const* cancelled)
        : timeout_{timeout}, cancelled_{cancelled}, events_{stage} {}

    /// Calls `attempt` with a timeout of at most a second until it neither times out nor lacks a broker.
    template <class Attempt>
    [[nodiscard]] result<> until_deadline(std::string const& doing, Attempt attempt);

    std::chrono::milliseconds const timeout_;
    std::atomic<bool> const* const cancelled_;
    client_events events_;
    client_handle client_;  // after the events, which it calls
};

}  // namespace logpipe::kafka
