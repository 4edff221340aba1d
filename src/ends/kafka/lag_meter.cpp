#include "lag_meter.hpp"

#include <algorithm>
#include <cstdint>

namespace logpipe::kafka {

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr auto measure_interval = 200ms;
// While nothing is fetched, the broker is queried for the partitions' ends; so long, it delays commits.
constexpr auto query_interval = 2'000ms;
constexpr int query_time_ms = 1'000;

}  // namespace

void lag_meter::measure(bool has_assignment) {
    auto const now = steady_clock::now();
    if (now < measure_at_) return;
    measure_at_ = now + measure_interval;
    // Fetching brings the ends along, but nothing is fetched while the intake is full.
    if (now >= query_at_ && member_.into.full()) query_ends();
    std::int64_t lag = 0;
    std::int64_t unread = 0;
    auto const committed_offsets = member_.positions.committed_offsets();
    for (auto& [partition, from] : member_.assigned) {
        std::int64_t begin = 0;
        std::int64_t end = 0;
        auto const code = rd_kafka_get_watermark_offsets(member_.client.get(), member_.options.topic.c_str(), partition,
                                                         &begin, &end);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) from.end = std::max(from.end, end);
        unread += std::max<std::int64_t>(0, from.end - from.next);
        auto const found =
            std::ranges::find(committed_offsets, partition, &std::pair<std::int32_t, std::int64_t>::first);
        auto const committed = found == committed_offsets.end() ? 0 : found->second;
        lag += std::max<std::int64_t>(0, from.end - std::max({committed, begin, std::int64_t{0}}));
    }
    member_.figures.lag = lag;
    if (has_assignment) member_.figures.unread = unread;
}

void lag_meter::query_ends() {
    query_at_ = steady_clock::now() + query_interval;
    if (member_.assigned.empty()) return;
    partition_list const wanted{rd_kafka_topic_partition_list_new(static_cast<int>(member_.assigned.size()))};
    for (auto const& [partition, from] : member_.assigned)
        rd_kafka_topic_partition_list_add(wanted.get(), member_.options.topic.c_str(), partition)->offset =
            RD_KAFKA_OFFSET_END;
    // Its own outcome is the sum of the partitions', each of which has its own.
    rd_kafka_offsets_for_times(member_.client.get(), wanted.get(), query_time_ms);
    for (auto const& each : all_of(*wanted)) {
        auto const found = member_.assigned.find(each.partition);
        if (each.err == RD_KAFKA_RESP_ERR_NO_ERROR && found != member_.assigned.end())
            found->second.end = std::max(found->second.end, each.offset);
    }
}

}  // namespace logpipe::kafka
