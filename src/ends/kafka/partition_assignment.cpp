#include "partition_assignment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace logpipe::kafka {

using std::chrono::steady_clock;

bool partition_assignment::has_protocol(std::string_view name) const {
    auto const* const protocol = rd_kafka_rebalance_protocol(member_.client.get());  // "NONE" before the first join
    return protocol != nullptr && name == protocol;
}

void partition_assignment::assign(rd_kafka_topic_partition_list_t const& partitions) {
    auto const list = copy_of(partitions);
    parts_.watch.cancel();
    if (partitions.cnt > 0 && parts_.starts.find(list.get())) {
        for (auto& each : all_of(*list)) {
            auto found = metadata_of(each);
            // `opaque` says that the offset was committed, by any program.
            if (!found && each.opaque != nullptr) found = commit_metadata{.counted_from = each.offset};
            reading from{.number = member_.positions.assign(each.partition, each.offset, found, member_.topic_id),
                         .next = each.offset,
                         .taken = each.offset,
                         .epoch = rd_kafka_topic_partition_get_leader_epoch(&each),
                         .origin = fmt::format("kafka {} partition {}", member_.options.topic, each.partition)};
            log_info("kafka_source: {}: reading from offset {}", from.origin, each.offset);
            member_.assigned.insert_or_assign(each.partition, std::move(from));
            parts_.feed.forward(each.partition);
        }
        parts_.lag.query_ends();
        member_.events.recovered();
    }
    was_assigned_ = true;
    kafka_failure const failure{has_protocol("EAGER") ? nullptr
                                                      : rd_kafka_incremental_assign(member_.client.get(), list.get())};
    if (has_protocol("EAGER")) rd_kafka_assign(member_.client.get(), list.get());
    if (failure) log_warn("kafka_source: accepting assigned partitions: {}", rd_kafka_error_string(failure.get()));
}

void partition_assignment::revoke(rd_kafka_topic_partition_list_t const& partitions) {
    if (!revoked_) {
        revoked_ = copy_of(partitions);
        return_by_ = steady_clock::now() + member_.options.revoke_drain;
    } else {
        for (auto const& each : all_of(partitions))
            if (rd_kafka_topic_partition_list_find(revoked_.get(), each.topic, each.partition) == nullptr)
                rd_kafka_topic_partition_list_add(revoked_.get(), each.topic, each.partition);
    }
    for (auto const& each : all_of(*revoked_))
        if (auto const found = member_.assigned.find(each.partition); found != member_.assigned.end())
            found->second.is_revoked = true;
    if (is_leaving_) return_all(*revoked_);
}

void partition_assignment::return_drained() {
    if (!revoked_) return;
    bool const lost = rd_kafka_assignment_lost(member_.client.get()) != 0;
    if (!lost) {
        bool const drained = std::ranges::all_of(all_of(*revoked_), [&](auto const& each) {
            auto const found = member_.assigned.find(each.partition);
            return found == member_.assigned.end() || member_.positions.drained(found->second.number);
        });
        if (!drained && steady_clock::now() < return_by_) return;
        if (!drained)
            log_warn(
                "kafka_source: {} partitions are returned before all that was read of them is safe; the next member "
                "reads "
                "the rest once more",
                revoked_->cnt);
        parts_.commits.commit_all();
    }
    return_all(*revoked_);
}

void partition_assignment::return_at_once() {
    is_leaving_ = true;
    if (revoked_) return_all(*revoked_);
}

void partition_assignment::return_all(rd_kafka_topic_partition_list_t const& partitions) {
    for (auto const& each : all_of(partitions)) {
        auto const found = member_.assigned.find(each.partition);
        if (found == member_.assigned.end()) continue;
        log_info("kafka_source: {}: returned at offset {}", found->second.origin, found->second.next);
        member_.positions.release(found->second.number);
        member_.assigned.erase(found);
    }
    if (has_protocol("EAGER")) {
        rd_kafka_assign(member_.client.get(), nullptr);
    } else {
        kafka_failure const failure{rd_kafka_incremental_unassign(member_.client.get(), &partitions)};
        if (failure) log_warn("kafka_source: returning partitions: {}", rd_kafka_error_string(failure.get()));
    }
    revoked_.reset();
    member_.figures.assigned = member_.assigned.size();
}

}  // namespace logpipe::kafka
