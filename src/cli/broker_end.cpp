#include "broker_end.hpp"

#include "core/end_uri.hpp"
#include "targets.hpp"

#include <algorithm>
#include <chrono>

namespace logpipe::cli {

bool broker_end::is_reached() {
    if (!admin_ && !connect()) return false;
    auto const partitions = admin_->partitions(topic_);
    auto const group = admin_->group(group_, topic_);
    if (!partitions || !group) return false;
    return std::ranges::all_of(*partitions, [&](kafka::kafka_partition const& each) {
        auto const at = std::ranges::find(group->positions, each.partition, &kafka::kafka_group_position::partition);
        return each.end == each.begin || (at != group->positions.end() && at->committed >= each.end);
    });
}

bool broker_end::connect() {
    auto const uri = parse_uri(uri_);
    if (!uri) return false;
    auto place = kafka_target_of(options_, *uri);
    if (!place) return false;
    topic_ = place->topic;
    auto made = kafka::make_kafka_admin(std::move(place->connection), std::chrono::seconds{5});
    if (made) admin_ = *std::move(made);
    return made.has_value();
}

}  // namespace logpipe::cli
