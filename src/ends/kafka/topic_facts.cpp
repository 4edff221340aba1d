#include "topic_facts.hpp"

#include "cluster_client.hpp"
#include "core/nearest.hpp"

#include <fmt/format.h>

#include <charconv>

namespace logpipe::kafka {

namespace {

error with_nearest_topic(cluster_client& cluster, std::string const& name, error reason) {
    if (reason.code != errc::not_found) return reason;
    auto const names = cluster.topic_names();
    if (!names) return reason;
    auto const near = nearest(name, std::vector<std::string_view>{names->begin(), names->end()});
    if (!near.empty()) reason.message += fmt::format("; did you mean {}?", near);
    return reason;
}

}  // namespace

result<topic_facts> find_topic(kafka_connection const& connection, std::string const& stage,
                               topic_request const& wanted, std::atomic<bool> const& cancelled) {
    auto const connected = cluster_client::connect(connection, stage, wanted.timeout, &cancelled);
    if (!connected) return connected.error();
    auto& cluster = **connected;
    auto partitions = cluster.partitions(wanted.name);
    if (!partitions && partitions.error().code == errc::not_found && wanted.create) {
        if (auto made = cluster.create_topic({.name = wanted.name,
                                              .partitions = wanted.partitions,
                                              .replication = wanted.replication,
                                              .properties = wanted.properties});
            !made)
            return made.error();
        log_info("{}: created topic {} with {} partitions, replication {}", stage, wanted.name, wanted.partitions,
                 wanted.replication);
        partitions = cluster.partitions(wanted.name);
    }
    if (!partitions) return with_nearest_topic(cluster, wanted.name, partitions.error());
    topic_facts facts{.partitions = *std::move(partitions)};
    if (wanted.with_offsets)
        if (auto added = cluster.add_offsets(wanted.name, facts.partitions); !added) return added.error();
    auto id = cluster.cluster_id();
    if (!id) return id.error();
    facts.cluster_id = *std::move(id);
    // Reading it needs a permission. Without it librdkafka's own limit applies, and what is over the topic's is sent in
    // parts.
    auto const leader = facts.partitions.front().leader;
    if (auto const text = cluster.topic_property(wanted.name, "max.message.bytes", leader))
        std::from_chars(text->data(), text->data() + text->size(), facts.batch_bytes_max);
    return facts;
}

}  // namespace logpipe::kafka
