#include "tap_topics.hpp"

#include "kafka/kafka_admin.hpp"
#include "signals.hpp"
#include "targets.hpp"

#include <fmt/format.h>

#include <map>

namespace logpipe::cli {

using namespace std::chrono_literals;

namespace {

constexpr std::chrono::milliseconds poll_interval = 250ms;

tapped_event event_of(std::string const& topic, kafka::kafka_message const& message) {
    return {.where = topic,
            .id = message.id,
            .tag = std::string{message.tag},
            .time_ns = message.time_ns,
            .received_ns = message.received_ns,
            .origin = fmt::format("kafka {} partition {} offset {}", topic, message.partition, message.offset),
            .payload = std::string{message.value.value_or("")},
            .rejected = {}};
}

/// Where each partition is to be read on.
using next_offsets = std::map<std::int32_t, std::int64_t>;

/// @return false when no more are wanted.
result<bool> read_new(kafka::kafka_admin& cluster, std::string const& topic, next_offsets& next, tap_printer& printer) {
    auto const partitions = cluster.partitions(topic);
    if (!partitions) return partitions.error();
    for (auto const& part : *partitions) {
        // One that was added meanwhile is read from its beginning: all of it is new.
        auto& at = next.try_emplace(part.partition, part.begin).first->second;
        if (at >= part.end) continue;
        bool wanted = true;
        auto const read =
            cluster.scan(topic, part.partition, at, part.end, [&](kafka::kafka_message const& message) -> result<> {
                wanted = printer.take_event(event_of(topic, message)) && !signal_came(0ms);
                return wanted ? result<>{} : error{errc::cancelled, "seen enough"};
            });
        if (!wanted) return false;
        if (!read) return read.error();
        at = part.end;
    }
    return true;
}

}  // namespace

result<> tap_kafka(settings const& options, end_uri const& uri, tap_printer& printer) {
    auto place = kafka_target_of(options, uri);
    if (!place) return place.error();
    auto cluster = kafka::make_kafka_admin(std::move(place->connection), options.duration("timeout"));
    if (!cluster) return cluster.error();
    auto const ends = (*cluster)->partitions(place->topic);
    if (!ends) return ends.error();
    next_offsets next;
    for (auto const& part : *ends) next[part.partition] = part.end;
    while (!signal_came(poll_interval)) {
        auto const more = read_new(**cluster, place->topic, next, printer);
        if (!more) return more.error();
        if (!*more) return {};
    }
    return {};
}

}  // namespace logpipe::cli
