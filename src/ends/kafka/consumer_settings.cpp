#include "consumer_settings.hpp"

#include <algorithm>
#include <string>

namespace logpipe::kafka {

namespace {

/// KIP-848, `group.protocol=consumer`; the last one of a property holds.
bool broker_assigns(kafka_connection const& connection) {
    auto const& properties = connection.properties;
    auto const found =
        std::ranges::find(properties.rbegin(), properties.rend(), "group.protocol", &kafka_property::first);
    return found != properties.rend() && found->second == "consumer";
}

}  // namespace

std::vector<kafka_property> consumer_settings(kafka_source_options const& options) {
    auto const queue_bytes = std::max(options.queue_bytes_max, std::size_t{1} << 20U);
    std::vector<kafka_property> out{
        {"statistics.interval.ms", "5000"},
        {"group.id", options.group},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"allow.auto.create.topics", "false"},
        // Groups without an offset start where start_offsets says; this is for one whose offset has expired.
        {"auto.offset.reset", "earliest"},
        {"max.poll.interval.ms", std::to_string(options.poll_interval_max.count())},
        {"queued.max.messages.kbytes", std::to_string(queue_bytes >> 10U)},
        {"queued.min.messages", "10000000"},  // so that only the bytes count
        // How long a fetcher that found the queue full sleeps, whatever is taken out meanwhile.
        {"fetch.queue.backoff.ms", "5"},
        // A response has at least one message, which may be larger.
        {"receive.message.max.bytes", "1100000000"},
        {"fetch.max.bytes", std::to_string(std::min(queue_bytes, std::size_t{50} << 20U))},
        // Not where it goes on: taken in a batch, an end's offset counts as a message's for librdkafka (2.8.0), which
        // then continues one offset too far after a rebalance, and where that is past the end, reads all of it twice.
        {"enable.partition.eof", options.until_end ? "true" : "false"}};
    if (broker_assigns(options.connection)) {
        // Session timeout, heartbeats and assignment are the broker's then. Named, it is taken over step by step.
        out.emplace_back("group.remote.assignor", "uniform");
    } else {
        out.emplace_back("partition.assignment.strategy", "cooperative-sticky");
        out.emplace_back("session.timeout.ms", std::to_string(options.session_timeout.count()));
    }
    if (!options.instance_id.empty()) out.emplace_back("group.instance.id", options.instance_id);
    return out;
}

}  // namespace logpipe::kafka
