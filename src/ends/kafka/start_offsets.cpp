#include "start_offsets.hpp"

#include "log_ends.hpp"
#include "topic_id_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <utility>

namespace logpipe::kafka {

namespace {

using namespace std::chrono_literals;

constexpr int query_time_ms = 5'000;
constexpr auto id_time = 2'000ms;

}  // namespace

std::optional<commit_metadata> metadata_of(rd_kafka_topic_partition_t const& found) {
    if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR || found.metadata_size == 0) return std::nullopt;
    return parse_commit_metadata({static_cast<char const*>(found.metadata), found.metadata_size}, found.offset);
}

start_offsets::start_offsets(group_member& member, topic_facts const& facts, std::int64_t start)
    : member_{member}, start_{start} {
    for (auto const& each : facts.partitions) at_start_.insert(each.partition);
}

result<> start_offsets::find_late_partitions() {
    partition_list const list{rd_kafka_topic_partition_list_new(static_cast<int>(at_start_.size()))};
    for (auto const partition : at_start_)
        rd_kafka_topic_partition_list_add(list.get(), member_.options.topic.c_str(), partition);
    if (auto found = find_committed(list.get()); !found) return found;
    auto const has_position = [](auto const& each) { return each.offset >= 0; };
    if (std::ranges::none_of(all_of(*list), has_position)) return {};
    for (auto const& each : all_of(*list))
        if (!has_position(each)) at_start_.erase(each.partition);
    return {};
}

bool start_offsets::find(rd_kafka_topic_partition_list_t* list) {
    while (!member_.stopping && rd_kafka_assignment_lost(member_.client.get()) == 0) {
        auto found = find_committed(list);
        if (found) {
            drop_of_other_topics(list);
            found = drop_beyond_end(list);
        }
        if (found) {
            if (find_uncommitted(list)) return true;
            continue;
        }
        if (auto const lines = member_.error_lines.admit(); lines != 0)
            log_warn("kafka_source: {}", found.error().message);
        member_.events.note_failure(found.error());
        std::this_thread::sleep_for(100ms);  // a request that fails at once is not repeated at once
    }
    return false;
}

result<> start_offsets::find_committed(rd_kafka_topic_partition_list_t* list) {
    auto code = rd_kafka_committed(member_.client.get(), list, query_time_ms);
    for (auto const& each : all_of(*list))
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = each.err;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    return kafka_error(code, fmt::format("the positions of group {}", member_.options.group));
}

/// What was committed of a topic that was deleted says nothing about the one that has its name now.
void start_offsets::drop_of_other_topics(rd_kafka_topic_partition_list_t* list) {
    topic_id_request request{member_.client.get(), member_.options.topic, id_time};
    auto const id = request.response(id_time);
    if (!id || !*id)
        log_info("kafka_source: continuing without the id of topic {}: {}", member_.options.topic,
                 id ? "no response" : id.error().message);
    member_.topic_id = id ? id->value_or("") : "";
    if (member_.topic_id.empty()) return;
    for (auto& each : all_of(*list)) {
        auto const found = metadata_of(each);
        if (!found || found->topic_id.empty() || found->topic_id == member_.topic_id) continue;
        ++member_.figures.of_other_topics;
        log_warn(
            "kafka_source: {} partition {}: group {} has committed offset {} of a topic of this name that was deleted "
            "since (its id was {}, this one's is {}); reading from the beginning, and counting starts there",
            each.topic, each.partition, member_.options.group, each.offset, found->topic_id, member_.topic_id);
        restart(each);
    }
}

/// Where the topic lost its end, or was recreated and the broker does not say so, no message would ever come at the
/// committed offset. Such a partition is a new one to us.
result<> start_offsets::drop_beyond_end(rd_kafka_topic_partition_list_t* list) {
    auto const ends = find_log_ends(member_.client.get(), *list, std::chrono::milliseconds{query_time_ms});
    if (!ends) return ends.error();
    for (auto& each : all_of(*list)) {
        auto const end = ends->find(each.partition);
        if (each.offset < 0 || end == ends->end() || each.offset <= end->second) continue;
        ++member_.figures.beyond_end;
        log_warn(
            "kafka_source: {} partition {}: group {} has committed offset {}, but the partition ends at {}: the topic "
            "was recreated, or lost its end; reading from the beginning, and counting starts there",
            each.topic, each.partition, member_.options.group, each.offset, end->second);
        restart(each);
    }
    return {};
}

bool start_offsets::find_uncommitted(rd_kafka_topic_partition_list_t* list) {
    auto const missing = [](rd_kafka_topic_partition_t const& each) { return each.offset < 0; };
    for (auto& each : all_of(*list)) {
        if (!missing(each)) each.opaque = list;
        if (missing(each) && start_ == RD_KAFKA_OFFSET_END && !at_start_.contains(each.partition))
            each.offset = RD_KAFKA_OFFSET_BEGINNING;
    }
    for (auto const time : {start_, std::int64_t{RD_KAFKA_OFFSET_END}}) {  // no message as new as that: at the end
        partition_list const wanted{rd_kafka_topic_partition_list_new(list->cnt)};
        for (auto const& each : all_of(*list))
            if (missing(each))
                rd_kafka_topic_partition_list_add(wanted.get(), each.topic, each.partition)->offset =
                    each.offset == RD_KAFKA_OFFSET_BEGINNING ? RD_KAFKA_OFFSET_BEGINNING : time;
        if (wanted->cnt == 0) return true;
        auto code = rd_kafka_offsets_for_times(member_.client.get(), wanted.get(), query_time_ms);
        for (auto const& each : all_of(*wanted))
            if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = each.err;
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
            member_.events.note_failure(
                kafka_error(code, fmt::format("the offsets of topic {}", member_.options.topic)));
            return false;
        }
        for (auto const& each : all_of(*wanted))
            rd_kafka_topic_partition_list_find(list, each.topic, each.partition)->offset = each.offset;
    }
    return std::ranges::none_of(all_of(*list), missing);
}

void start_offsets::restart(rd_kafka_topic_partition_t& partition) {
    partition.offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_topic_partition_set_leader_epoch(&partition, -1);
    rd_kafka_mem_free(member_.client.get(), std::exchange(partition.metadata, nullptr));
    partition.metadata_size = 0;
}

}  // namespace logpipe::kafka
