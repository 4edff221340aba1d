#include "producer_settings.hpp"

#include <algorithm>
#include <string>

namespace logpipe::kafka {

namespace {

// The broker counts a batch after compression and with its header (61 bytes); librdkafka stops before compression, so
// only text that does not shrink at all comes near.
constexpr std::int64_t batch_overhead_bytes = 512;
constexpr std::int64_t message_bytes_default = 1'000'000;
constexpr std::int64_t message_bytes_limit = 1'000'000'000;  // librdkafka's

}  // namespace

std::vector<kafka_property> producer_settings(kafka_sink_options const& options, std::int64_t batch_bytes_max) {
    auto const batch_bytes = batch_bytes_max <= 0 ? message_bytes_default
                                                  : std::max(batch_bytes_max - batch_overhead_bytes, std::int64_t{1});
    auto const message_bytes = std::clamp(batch_bytes_max, message_bytes_default, message_bytes_limit);
    auto const request_bytes = std::int64_t{request_bytes_max};
    return {{"statistics.interval.ms", "5000"},
            {"enable.idempotence", "true"},
            {"acks", "all"},
            {"message.timeout.ms", "0"},  // for ever: the source keeps the rest
            {"compression.codec", options.compression},
            {"linger.ms", std::to_string(options.linger.count())},
            {"max.in.flight.requests.per.connection", std::to_string(options.requests_in_flight_max)},
            // The bound is ours: it counts the batches that wait, in bytes.
            {"queue.buffering.max.messages", "0"},
            {"queue.buffering.max.kbytes", "2097151"},
            {"message.max.bytes", std::to_string(message_bytes)},
            {"batch.size", std::to_string(std::min({batch_bytes, message_bytes, request_bytes}))},
            {"batch.num.messages", "100000"},
            // Whole batches are spread, by choose_partition(), also of messages without a key.
            {"sticky.partitioning.linger.ms", "0"}};
}

}  // namespace logpipe::kafka
