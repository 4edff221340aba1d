// Kafka by librdkafka, both ways, and what an operator asks of a cluster.
// https://github.com/confluentinc/librdkafka/blob/master/INTRODUCTION.md
#pragma once

#include "logpipe/kafka_key.hpp"
#include "logpipe/stage.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logpipe {

struct kafka_connection {
    std::string brokers = "localhost:9092";  ///< HOST:PORT,HOST:PORT…
    std::string client_id = "logpipe";
    std::string security = "plaintext";  ///< plaintext, ssl, sasl_plaintext, sasl_ssl
    std::string sasl_mechanism;          ///< PLAIN, SCRAM-SHA-256, SCRAM-SHA-512
    std::string username;
    std::string password;
    std::string password_file;  ///< its file, reloaded on SIGHUP; empty: none
    std::string ca_file;
    std::string certificate_file;
    std::string key_file;
    bool insecure_skip_verify = false;
    std::vector<std::pair<std::string, std::string>> properties;  ///< any of librdkafka's, after and over ours
};

struct kafka_sink_options {
    kafka_connection connection;
    std::string topic;
    bool create = true;  ///< makes the topic where it is unknown, with the next three
    std::int32_t partitions = 1;
    std::int16_t replication = 1;
    bool letters = false;  ///< takes letter frames (base/letter_frame.hpp) and writes letters (kafka_letter.hpp)
    std::string compression = "lz4";
    std::chrono::milliseconds linger{25};
    std::int32_t requests_in_flight_max = 5;               ///< to one broker; an idempotent producer allows 5
    std::size_t queue_bytes_max = std::size_t{32} << 20U;  ///< of all partitions; each has at most 2 MiB of it
    /// Set: this top-level field of the record is the message's key and chooses the partition; the facts then stand in
    /// the headers `logpipe-id`, `logpipe-received-ns`, `logpipe-event-ns` and `logpipe-tag`.
    std::string key_field;
    std::string tag_header;  ///< set: the event's tag stands in this header
};
/// Messages are the payloads as they are, keyed by kafka_event_key(), stamped with `received_ns`. A batch is safe
/// when all in-sync replicas have all of it (idempotent producer, acks=all). A message that the broker will never take
/// is rejected.
[[nodiscard]] std::unique_ptr<sink> make_kafka_sink(kafka_sink_options options);

struct kafka_source_options {
    kafka_connection connection;
    std::string topic;
    std::string group;
    std::string instance_id;  ///< set: static membership, a restart moves no partitions
    /// Set: this header is the event's tag, where it is there; else the one it travels with, else the topic.
    std::string tag_header;
    std::string from = "beginning";  ///< where a group without a position starts: beginning, end, or an RFC 3339 time
    std::size_t queue_bytes_max = std::size_t{8} << 20U;
    std::chrono::milliseconds session_timeout{45'000};
    std::chrono::milliseconds poll_interval_max{300'000};
    std::chrono::milliseconds revoke_drain{10'000};  ///< how long a partition that is taken away may drain
    bool until_end = false;                          ///< errc::end_of_input once what was there at open() is read
};
/// A member of a consumer group. Commits carry the counts as metadata, so the ledger moves with the position. Each
/// assignment of a partition has a new number, so seek() has no meaning here and does nothing: the group's position
/// holds, and what a store has beyond it meets its ids. counted() is of the partitions that are held just then.
[[nodiscard]] std::unique_ptr<source> make_kafka_source(kafka_source_options options);

/// What a group has of one partition.
struct kafka_group_position {
    std::int32_t partition = 0;
    std::int64_t committed = -1;     ///< -1: none yet
    std::int64_t counted_from = -1;  ///< offset where `counts` began; -1: the commit is not logpipe's
    event_counts counts;             ///< of the offsets from `counted_from` to `committed`
    passed_offsets passed{};         ///< those of them that hold no event
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

/// One cluster, as an operator sees it. Every call asks the cluster and waits for at most `timeout`. One thread.
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

}  // namespace logpipe
