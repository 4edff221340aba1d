// An operator's requests to a Kafka cluster.
#pragma once

#include "kafka/kafka.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logpipe::kafka {

/// What a group has of one partition.
struct kafka_group_position {
    std::int32_t partition = 0;
    std::int64_t committed = -1;     ///< -1: none yet
    std::int64_t counted_from = -1;  ///< offset where `counts` began; -1: the commit is not logpipe's
    event_counts counts;             ///< of the offsets from `counted_from` to `committed`
    passed_offsets passed{};         ///< those of them without an event
};
struct kafka_group {
    std::string state;  ///< "Stable", "Empty", "PreparingRebalance", "CompletingRebalance", "Dead"
    struct member {
        std::string id;
        std::string client_id;
        std::string host;
        std::vector<std::int32_t> partitions;
    };
    std::vector<member> members;
    std::vector<kafka_group_position> positions;
};
struct kafka_partition {
    std::int32_t partition = 0;
    std::int64_t begin = 0;  ///< oldest offset that is still there
    std::int64_t end = 0;    ///< offset of the next message
    std::int32_t leader = -1;
    std::int32_t replicas = 0;
    std::int32_t in_sync = 0;
};
struct kafka_cluster {
    std::string id;
    std::int32_t controller = -1;
    std::vector<std::pair<std::int32_t, std::string>> brokers;  ///< those that are up: id, HOST:PORT
};
struct kafka_message {
    std::int32_t partition = 0;
    std::int64_t offset = 0;
    std::int64_t timestamp_ms = 0;
    std::string_view key;
    std::optional<std::string_view> value;  ///< none: a tombstone
    event_id id;                            ///< as the source gives it to the event, like the next three
    std::int64_t received_ns = 0;
    std::int64_t time_ns = 0;
    std::string_view tag;  ///< empty where the message has none
    /// The newest header of this name; without data where there is none.
    std::function<std::string_view(char const* name)> header;
};

/// One cluster, as an operator sees it. Every call sends requests to the cluster and waits for at most `timeout`. One
/// thread.
class kafka_admin {
  public:
    virtual ~kafka_admin() = default;
    [[nodiscard]] virtual result<kafka_cluster> cluster() = 0;
    /// @return errc::not_found for an unknown topic
    [[nodiscard]] virtual result<std::vector<kafka_partition>> partitions(std::string const& topic) = 0;
    [[nodiscard]] virtual result<kafka_group> group(std::string const& name, std::string const& topic) = 0;
    /// The first offset of each partition whose message has this timestamp or a later one; its end where there is none.
    [[nodiscard]] virtual result<std::vector<kafka_partition>> offsets_at(std::string const& topic,
                                                                          std::int64_t timestamp_ms) = 0;
    /// Moves the group there. @return errc::busy while the group has members.
    [[nodiscard]] virtual result<> move_group(std::string const& name, std::string const& topic,
                                              std::vector<std::pair<std::int32_t, std::int64_t>> const& offsets) = 0;
    /// Gives every message of one partition from `begin` to before `end`, in order, outside of any group. Stops at the
    /// first error that `each` returns.
    [[nodiscard]] virtual result<> scan(std::string const& topic, std::int32_t partition, std::int64_t begin,
                                        std::int64_t end,
                                        std::function<result<>(kafka_message const&)> const& each) = 0;
    /// Sends key and value (none: a tombstone) and waits until all are safe.
    /// @return errc::too_large where the topic does not take one of them
    struct outgoing {
        std::string key;
        std::optional<std::string> value;
        std::int64_t timestamp_ms = 0;  ///< 0: now
        std::vector<std::pair<std::string, std::string>> headers;
    };
    [[nodiscard]] virtual result<> send(std::string const& topic, std::vector<outgoing> const& messages) = 0;
};
[[nodiscard]] result<std::unique_ptr<kafka_admin>> make_kafka_admin(kafka_connection connection,
                                                                    std::chrono::milliseconds timeout);

}  // namespace logpipe::kafka
