#include "topic_facts.hpp"

#include "cluster_client.hpp"

#include <fmt/format.h>

#include <charconv>

namespace logpipe::kafka {

result<topic_facts> find_topic(kafka_connection const& connection, std::string const& stage, topic_wish const& wish,
                               std::atomic<bool> const& cancelled) {
    auto const connected = cluster_client::connect(connection, stage, wish.patience, &cancelled);
    if (!connected) return connected.error();
    auto& cluster = **connected;
    auto partitions = cluster.partitions(wish.name);
    if (!partitions && partitions.error().code == errc::not_found && wish.create) {
        if (auto made = cluster.create_topic({.name = wish.name,
                                              .partitions = wish.partitions,
                                              .replication = wish.replication,
                                              .properties = wish.properties});
            !made)
            return made.error();
        log_info("{}: made topic {} with {} partitions, replication {}", stage, wish.name, wish.partitions,
                 wish.replication);
        partitions = cluster.partitions(wish.name);
    }
    if (!partitions) return partitions.error();
    topic_facts facts{.partitions = *std::move(partitions)};
    if (wish.with_offsets)
        if (auto added = cluster.add_offsets(wish.name, facts.partitions); !added) return added.error();
    auto id = cluster.cluster_id();
    if (!id) return id.error();
    facts.cluster_id = *std::move(id);
    // Not everybody may read it. Then librdkafka's own limit holds, and what is over the topic's is sent in parts.
    auto const leader = facts.partitions.front().leader;
    if (auto const text = cluster.topic_property(wish.name, "max.message.bytes", leader))
        std::from_chars(text->data(), text->data() + text->size(), facts.batch_bytes_max);
    return facts;
}

}  // namespace logpipe::kafka
