// Kafka by librdkafka, both ways.
// https://github.com/confluentinc/librdkafka/blob/master/INTRODUCTION.md
#pragma once

#include "kafka/kafka_key.hpp"
#include "logpipe/dead_letter.hpp"
#include "logpipe/descriptor.hpp"
#include "logpipe/stage.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace logpipe::kafka {

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
    bool create = true;  ///< creates the topic where it is unknown, with the next three
    std::int32_t partitions = 1;
    std::int16_t replication = 1;
    letter_retention letters_keep;  ///< of a topic that is created for letters
    bool letters = false;  ///< takes letter frames (codec/dead_letter_frame.hpp) and writes letters (kafka_letter.hpp)
    std::string compression = "lz4";
    std::chrono::milliseconds linger{25};
    std::int32_t requests_in_flight_max = 5;               ///< to one broker; an idempotent producer allows 5
    std::size_t queue_bytes_max = std::size_t{32} << 20U;  ///< of all partitions; each has at most 2 MiB of it
    /// Set: this top-level field of the record is the message's key and chooses the partition; the facts then stand in
    /// the headers `logpipe-id`, `logpipe-received-ns`, `logpipe-event-ns` and `logpipe-tag`.
    std::string key_field;
    std::string tag_header;  ///< set: this header carries the event's tag
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
    std::chrono::milliseconds revoke_drain{10'000};  ///< how long a partition that is revoked may drain
    bool until_end = false;                          ///< errc::end_of_input once what was there at open() is read
};
/// A member of a consumer group. Commits carry the counts as metadata, so the ledger moves with the position. Each
/// assignment of a partition has a new number, so seek() has no meaning here and does nothing: the group's offset
/// holds, and what a store has beyond it is a duplicate by its id. counted() is of the partitions that are assigned
/// just then.
[[nodiscard]] std::unique_ptr<source> make_kafka_source(kafka_source_options options);

/// What operators' requests need of a URI. @return errc::invalid_argument for one of another form
struct kafka_target {
    kafka_connection connection;
    std::string topic;
};
[[nodiscard]] result<kafka_target> kafka_target_of(end_uri const& uri, option_values const& values);

extern end_descriptor const kafka_end;

}  // namespace logpipe::kafka
