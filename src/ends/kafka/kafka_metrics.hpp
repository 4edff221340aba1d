// What Kafka's source and sink count.
#pragma once

#include "logpipe/metric.hpp"

namespace logpipe::kafka::metrics {

// Of both.
inline constexpr auto round_trip = gauge(
    "kafka_round_trip_seconds", "Mean round-trip time of the slowest Kafka broker in the client's last statistics.");

// Of the source.
inline constexpr auto lag =
    gauge("kafka_lag_events", "Messages in the assigned Kafka partitions that the group has not committed yet.", "lag");
inline constexpr auto assigned =
    gauge("kafka_assigned_partitions", "Kafka partitions that the group has assigned to this member.");
inline constexpr auto buffered =
    gauge("kafka_buffered_bytes", "Bytes fetched from Kafka that the pump has not read yet.");
inline constexpr auto rebalances =
    counter("kafka_rebalances_total", "Times that this Kafka member was given partitions or had to return some.");
inline constexpr auto commits_failed =
    counter("kafka_commits_failed_total", "Offset commits that Kafka did not accept; the next commit covers them.");
inline constexpr auto tombstones =
    counter("kafka_tombstones_total", "Kafka messages without a value, which become no event.");
inline constexpr auto offsets_beyond_end =
    counter("kafka_offsets_beyond_end_total",
            "Committed Kafka offsets beyond their partition's end, as after an unclean leader election; such a "
            "partition is read from its beginning.");
inline constexpr auto offsets_of_deleted_topics =
    counter("kafka_offsets_of_deleted_topics_total",
            "Committed Kafka offsets of a deleted topic of the same name; such a partition is read from its "
            "beginning.");
inline constexpr auto missing_offsets =
    counter("kafka_missing_offsets_total",
            "Kafka offsets without a message: transaction markers, aborted messages, compaction.");
inline constexpr auto expired_offsets =
    counter("kafka_expired_offsets_total", "Kafka offsets that the topic's retention removed before they were read.");

// Of the sink.
inline constexpr auto in_flight_bytes =
    gauge("kafka_in_flight_bytes", "Bytes of messages that Kafka has not acknowledged yet.", "in flight");
inline constexpr auto in_flight_batches =
    gauge("kafka_in_flight_batches", "Batches of which Kafka has not acknowledged all messages yet.");
inline constexpr auto sent_bytes = counter("kafka_sent_bytes_total", "Bytes of messages given to the Kafka producer.");
inline constexpr auto messages_retried =
    counter("kafka_messages_retried_total", "Kafka messages that were resent after a failed delivery.");
inline constexpr auto clients_recreated =
    counter("kafka_clients_recreated_total", "Kafka producers that were recreated after a fatal error.");

}  // namespace logpipe::kafka::metrics
