#include "offset_commits.hpp"

#include <fmt/format.h>

#include <cstring>
#include <utility>

namespace logpipe::kafka {

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr auto commit_interval = 200ms;
constexpr auto commit_time = 5'000ms;

}  // namespace

void offset_commits::commit_due() {
    take_outcome(0ms);
    auto const now = steady_clock::now();
    if (now < due_ || pending_ > 0) return;
    due_ = now + commit_interval;
    start();
}

void offset_commits::commit_all() {
    start();
    auto const until = steady_clock::now() + commit_time;
    while (pending_ > 0 && steady_clock::now() < until) take_outcome(100ms);
    if (pending_ > 0)
        log_warn(
            "kafka_source: the coordinator of group {} does not respond; what was not committed will be read twice",
            member_.options.group);
}

void offset_commits::start() {
    auto const moves = member_.positions.due();
    if (moves.empty()) return;
    partition_list const list{rd_kafka_topic_partition_list_new(static_cast<int>(moves.size()))};
    for (auto const& each : moves) {
        auto* const to = rd_kafka_topic_partition_list_add(list.get(), member_.options.topic.c_str(), each.partition);
        to->offset = each.offset;
        // So that the next member notices when a new leader lacks what we read (KIP-320).
        if (auto const from = member_.assigned.find(each.partition); from != member_.assigned.end())
            rd_kafka_topic_partition_set_leader_epoch(to, from->second.epoch);
        to->metadata = rd_kafka_mem_malloc(member_.client.get(), each.metadata.size());  // the list's from here on
        to->metadata_size = each.metadata.size();
        std::memcpy(to->metadata, each.metadata.data(), each.metadata.size());
    }
    if (rd_kafka_commit_queue(member_.client.get(), list.get(), outcomes_.get(), nullptr, nullptr) ==
        RD_KAFKA_RESP_ERR_NO_ERROR)
        ++pending_;
}

void offset_commits::take_outcome(std::chrono::milliseconds wait) {
    if (pending_ == 0) return;
    event_handle const event{rd_kafka_queue_poll(outcomes_.get(), milliseconds_of(wait))};
    if (!event || rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_OFFSET_COMMIT) return;
    --pending_;
    auto code = rd_kafka_event_error(event.get());
    if (auto const* const list = rd_kafka_event_topic_partition_list(event.get()))
        for (auto const& each : all_of(*list)) {
            if (code == RD_KAFKA_RESP_ERR_NO_ERROR && each.err == RD_KAFKA_RESP_ERR_NO_ERROR)
                member_.positions.committed(each.partition, each.offset);
            else if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
                code = each.err;
        }
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        member_.events.recovered();
        return;
    }
    ++member_.figures.commits_failed;  // it stays due, and goes with the next one
    auto what = kafka_error(code, fmt::format("committing for group {}", member_.options.group));
    if (auto const lines = member_.error_lines.admit(); lines != 0) log_warn("kafka_source: {}", what.message);
    if (what.code == errc::unauthorized) member_.events.note_failure(std::move(what));
}

}  // namespace logpipe::kafka
