#include "core/assert.hpp"
#include "group_reader.hpp"
#include "log_ends.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace logpipe::kafka {

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr int ask_time_ms = 5'000;
constexpr auto commit_interval = 200ms;
constexpr auto commit_time = 5'000ms;
constexpr auto measure_interval = 200ms;
// While nothing is fetched, the broker is asked for the partitions' ends; so long, it holds up commits.
constexpr auto ask_ends_interval = 2'000ms;
constexpr int ask_ends_time_ms = 1'000;
constexpr auto ask_id_time = 2'000ms;
constexpr auto watch_interval = 5'000ms;

std::span<rd_kafka_topic_partition_t> all_of(rd_kafka_topic_partition_list_t const& list) {
    return {list.elems, static_cast<std::size_t>(list.cnt)};
}

/// What logpipe has committed with the offset.
std::optional<commit_metadata> metadata_of(rd_kafka_topic_partition_t const& found) {
    if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR || found.metadata_size == 0) return std::nullopt;
    return parse_commit_metadata({static_cast<char const*>(found.metadata), found.metadata_size}, found.offset);
}

partition_list copy_of(rd_kafka_topic_partition_list_t const& list) {
    return partition_list{rd_kafka_topic_partition_list_copy(&list)};
}

}  // namespace

bool group_reader::has_protocol(std::string_view name) const {
    auto const* const protocol = rd_kafka_rebalance_protocol(client_.get());  // "NONE" before the first join
    return protocol != nullptr && name == protocol;
}

void group_reader::rebalanced(rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* partitions) noexcept {
    ++figures_.rebalances;
    if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        take_over(*partitions);
    } else {
        begin_leaving(*partitions);
    }
    figures_.assigned = readings_.size();
}

void group_reader::take_over(rd_kafka_topic_partition_list_t const& partitions) {
    auto const list = copy_of(partitions);
    if (partitions.cnt > 0 && find_positions(list.get())) {
        for (auto& each : all_of(*list)) {
            auto found = metadata_of(each);
            // `opaque` says that the offset was committed, by whomever.
            if (!found && each.opaque != nullptr) found = commit_metadata{.counted_from = each.offset};
            reading from{.number = positions_.assign(each.partition, each.offset, found, topic_id_),
                         .next = each.offset,
                         .taken = each.offset,
                         .epoch = rd_kafka_topic_partition_get_leader_epoch(&each),
                         .origin = fmt::format("kafka {} partition {}", options_.topic, each.partition)};
            log_info("kafka_source: {}: reading from offset {}", from.origin, each.offset);
            readings_.insert_or_assign(each.partition, std::move(from));
            // To our queue in place of the client's, which stays so until the partition is ours again.
            queue_handle const own{rd_kafka_queue_get_partition(client_.get(), options_.topic.c_str(), each.partition)};
            if (own) rd_kafka_queue_forward(own.get(), messages_.get());
        }
        ask_ends();
        works();
    }
    assigned_once_ = true;
    kafka_failure const failure{has_protocol("EAGER") ? nullptr
                                                      : rd_kafka_incremental_assign(client_.get(), list.get())};
    if (has_protocol("EAGER")) rd_kafka_assign(client_.get(), list.get());
    if (failure) log_warn("kafka_source: taking partitions over: {}", rd_kafka_error_string(failure.get()));
}

/// Sets the offset of each to where it begins; `opaque` where somebody has committed that. Asks until it knows.
/// @return false when there is no use in knowing any more
bool group_reader::find_positions(rd_kafka_topic_partition_list_t* list) {
    while (!stopping_ && rd_kafka_assignment_lost(client_.get()) == 0) {
        auto found = find_committed(list);
        if (found) {
            drop_of_other_topics(list);
            found = drop_beyond_end(list);
        }
        if (found) {
            if (find_starts(list)) return true;
            continue;
        }
        if (auto const lines = error_lines_.admit(); lines != 0) log_warn("kafka_source: {}", found.error().message);
        went_wrong(found.error());
        std::this_thread::sleep_for(100ms);  // one that failed at once is not asked at once again
    }
    return false;
}

result<> group_reader::find_committed(rd_kafka_topic_partition_list_t* list) {
    auto code = rd_kafka_committed(client_.get(), list, ask_time_ms);
    for (auto const& each : all_of(*list))
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = each.err;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    return kafka_error(code, fmt::format("the positions of group {}", options_.group));
}

/// What was committed of a topic that was deleted says nothing about the one that has its name now.
void group_reader::drop_of_other_topics(rd_kafka_topic_partition_list_t* list) {
    topic_question_.reset();
    topic_id_question question{client_.get(), options_.topic, ask_id_time};
    auto const id = question.answer(ask_id_time);
    if (!id || !*id)
        log_info("kafka_source: going on without the id of topic {}: {}", options_.topic,
                 id ? "no answer" : id.error().message);
    topic_id_ = id ? id->value_or("") : "";
    if (topic_id_.empty()) return;
    for (auto& each : all_of(*list)) {
        auto const found = metadata_of(each);
        if (!found || found->topic_id.empty() || found->topic_id == topic_id_) continue;
        ++figures_.of_other_topics;
        log_warn(
            "kafka_source: {} partition {}: group {} has committed offset {} of a topic of this name that was deleted "
            "since (its id was {}, this one's is {}); reading from the beginning, and counting starts there",
            each.topic, each.partition, options_.group, each.offset, found->topic_id, topic_id_);
        begin_anew(each);
    }
}

/// Where the topic lost its end, or was recreated and the broker does not tell it, no message would ever come at the
/// committed offset. Such a partition is a new one to us.
result<> group_reader::drop_beyond_end(rd_kafka_topic_partition_list_t* list) {
    auto const ends = find_log_ends(client_.get(), *list, std::chrono::milliseconds{ask_time_ms});
    if (!ends) return ends.error();
    for (auto& each : all_of(*list)) {
        auto const end = ends->find(each.partition);
        if (each.offset < 0 || end == ends->end() || each.offset <= end->second) continue;
        ++figures_.beyond_end;
        log_warn(
            "kafka_source: {} partition {}: group {} has committed offset {}, but the partition ends at {}: the topic "
            "was recreated, or lost its end; reading from the beginning, and counting starts there",
            each.topic, each.partition, options_.group, each.offset, end->second);
        begin_anew(each);
    }
    return {};
}

/// Where the topic is deleted and made again before the group notices, the broker goes on with the new one's messages
/// at the old one's offset. Without a word.
void group_reader::watch_topic() {
    auto const now = steady_clock::now();
    if (!topic_question_) {
        if (now < watch_at_ || topic_id_.empty() || readings_.empty()) return;
        watch_at_ = now + watch_interval;
        topic_question_.emplace(client_.get(), options_.topic, ask_id_time);
        return;
    }
    auto const id = topic_question_->answer(0ms);
    if (id && !*id) return;
    topic_question_.reset();
    // While it is deleted, nobody knows its id.
    if (!id || (*id)->empty() || **id == topic_id_ || outdated_) return;
    log_warn("kafka_source: topic {} was deleted and made again: joining group {} anew, for the new one",
             options_.topic, options_.group);
    outdated_ = true;
}

void group_reader::begin_anew(rd_kafka_topic_partition_t& partition) {
    partition.offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_topic_partition_set_leader_epoch(&partition, -1);
    rd_kafka_mem_free(client_.get(), std::exchange(partition.metadata, nullptr));
    partition.metadata_size = 0;
}

/// With `--start end`, partitions that were added after the group got its position are read from their beginning: their
/// first messages were written before any member could know of them.
result<> group_reader::find_late_partitions() {
    partition_list const list{rd_kafka_topic_partition_list_new(static_cast<int>(first_.size()))};
    for (auto const partition : first_)
        rd_kafka_topic_partition_list_add(list.get(), options_.topic.c_str(), partition);
    if (auto found = find_committed(list.get()); !found) return found;
    auto const has_position = [](auto const& each) { return each.offset >= 0; };
    if (std::ranges::none_of(all_of(*list), has_position)) return {};
    for (auto const& each : all_of(*list))
        if (!has_position(each)) first_.erase(each.partition);
    return {};
}

bool group_reader::find_starts(rd_kafka_topic_partition_list_t* list) {
    auto const missing = [](rd_kafka_topic_partition_t const& each) { return each.offset < 0; };
    for (auto& each : all_of(*list)) {
        if (!missing(each)) each.opaque = list;
        if (missing(each) && start_ == RD_KAFKA_OFFSET_END && !first_.contains(each.partition))
            each.offset = RD_KAFKA_OFFSET_BEGINNING;
    }
    for (auto const time : {start_, std::int64_t{RD_KAFKA_OFFSET_END}}) {  // no message as new as that: at the end
        partition_list const asked{rd_kafka_topic_partition_list_new(list->cnt)};
        for (auto const& each : all_of(*list))
            if (missing(each))
                rd_kafka_topic_partition_list_add(asked.get(), each.topic, each.partition)->offset =
                    each.offset == RD_KAFKA_OFFSET_BEGINNING ? RD_KAFKA_OFFSET_BEGINNING : time;
        if (asked->cnt == 0) return true;
        auto code = rd_kafka_offsets_for_times(client_.get(), asked.get(), ask_time_ms);
        for (auto const& each : all_of(*asked))
            if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = each.err;
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
            went_wrong(kafka_error(code, fmt::format("the offsets of topic {}", options_.topic)));
            return false;
        }
        for (auto const& each : all_of(*asked))
            rd_kafka_topic_partition_list_find(list, each.topic, each.partition)->offset = each.offset;
    }
    return std::ranges::none_of(all_of(*list), missing);
}

/// Another member gets them when we say so: until then they drain.
void group_reader::begin_leaving(rd_kafka_topic_partition_list_t const& partitions) {
    if (!leaving_) {
        leaving_ = copy_of(partitions);
        leave_by_ = steady_clock::now() + options_.revoke_drain;
    } else {
        for (auto const& each : all_of(partitions))
            if (rd_kafka_topic_partition_list_find(leaving_.get(), each.topic, each.partition) == nullptr)
                rd_kafka_topic_partition_list_add(leaving_.get(), each.topic, each.partition);
    }
    for (auto const& each : all_of(*leaving_))
        if (auto const found = readings_.find(each.partition); found != readings_.end()) found->second.leaving = true;
    if (closing_) leave(*leaving_);
}

void group_reader::leave_when_settled() {
    if (!leaving_) return;
    bool const lost = rd_kafka_assignment_lost(client_.get()) != 0;
    if (!lost) {
        bool const settled = std::ranges::all_of(all_of(*leaving_), [&](auto const& each) {
            auto const found = readings_.find(each.partition);
            return found == readings_.end() || positions_.settled(found->second.number);
        });
        if (!settled && steady_clock::now() < leave_by_) return;
        if (!settled)
            log_warn(
                "kafka_source: {} partitions are given up before all of what was read of them is safe; whoever has "
                "them next reads that again",
                leaving_->cnt);
        commit_all();
    }
    leave(*leaving_);
}

void group_reader::leave(rd_kafka_topic_partition_list_t const& partitions) {
    for (auto const& each : all_of(partitions)) {
        auto const found = readings_.find(each.partition);
        if (found == readings_.end()) continue;
        log_info("kafka_source: {}: given up at offset {}", found->second.origin, found->second.next);
        positions_.give_up(found->second.number);
        readings_.erase(found);
    }
    if (has_protocol("EAGER")) {
        rd_kafka_assign(client_.get(), nullptr);
    } else {
        kafka_failure const failure{rd_kafka_incremental_unassign(client_.get(), &partitions)};
        if (failure) log_warn("kafka_source: giving partitions up: {}", rd_kafka_error_string(failure.get()));
    }
    leaving_.reset();
    figures_.assigned = readings_.size();
}

// --- Commits.

void group_reader::commit_some() {
    hear_commits(0ms);
    auto const now = steady_clock::now();
    if (now < commit_at_ || commits_unheard_ > 0) return;
    commit_at_ = now + commit_interval;
    start_commit();
}

void group_reader::commit_all() {
    start_commit();
    auto const until = steady_clock::now() + commit_time;
    while (commits_unheard_ > 0 && steady_clock::now() < until) hear_commits(100ms);
    if (commits_unheard_ > 0)
        log_warn("kafka_source: group {} does not answer; what was not committed will be read again", options_.group);
}

void group_reader::start_commit() {
    auto const moves = positions_.due();
    if (moves.empty()) return;
    partition_list const list{rd_kafka_topic_partition_list_new(static_cast<int>(moves.size()))};
    for (auto const& each : moves) {
        auto* const to = rd_kafka_topic_partition_list_add(list.get(), options_.topic.c_str(), each.partition);
        to->offset = each.offset;
        // So that the next member notices when a new leader lacks what we read (KIP-320).
        if (auto const from = readings_.find(each.partition); from != readings_.end())
            rd_kafka_topic_partition_set_leader_epoch(to, from->second.epoch);
        to->metadata = rd_kafka_mem_malloc(client_.get(), each.metadata.size());  // the list's from here on
        to->metadata_size = each.metadata.size();
        std::memcpy(to->metadata, each.metadata.data(), each.metadata.size());
    }
    if (rd_kafka_commit_queue(client_.get(), list.get(), commits_.get(), nullptr, nullptr) ==
        RD_KAFKA_RESP_ERR_NO_ERROR)
        ++commits_unheard_;
}

void group_reader::hear_commits(std::chrono::milliseconds time) {
    if (commits_unheard_ == 0) return;
    event_handle const told{rd_kafka_queue_poll(commits_.get(), milliseconds_of(time))};
    if (!told || rd_kafka_event_type(told.get()) != RD_KAFKA_EVENT_OFFSET_COMMIT) return;
    --commits_unheard_;
    auto code = rd_kafka_event_error(told.get());
    if (auto const* const list = rd_kafka_event_topic_partition_list(told.get()))
        for (auto const& each : all_of(*list)) {
            if (code == RD_KAFKA_RESP_ERR_NO_ERROR && each.err == RD_KAFKA_RESP_ERR_NO_ERROR)
                positions_.committed(each.partition, each.offset);
            else if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
                code = each.err;
        }
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        works();
        return;
    }
    ++figures_.commits_failed;  // it stays due, and goes with the next one
    auto what = kafka_error(code, fmt::format("committing for group {}", options_.group));
    if (auto const lines = error_lines_.admit(); lines != 0) log_warn("kafka_source: {}", what.message);
    if (what.code == errc::unauthorized) went_wrong(std::move(what));
}

/// Lag is what was written and is not committed, as every Kafka tool says it; unread is what was not taken in.
void group_reader::measure() {
    auto const now = steady_clock::now();
    if (now < measure_at_) return;
    measure_at_ = now + measure_interval;
    // What is fetched brings the ends along. A full intake ends in nothing being fetched.
    if (now >= ask_ends_at_ && intake_.full()) ask_ends();
    std::int64_t lag = 0;
    std::int64_t unread = 0;
    auto const committed_offsets = positions_.committed_offsets();
    for (auto& [partition, from] : readings_) {
        std::int64_t begin = 0;
        std::int64_t end = 0;
        auto const code =
            rd_kafka_get_watermark_offsets(client_.get(), options_.topic.c_str(), partition, &begin, &end);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) from.end = std::max(from.end, end);
        unread += std::max<std::int64_t>(0, from.end - from.next);
        auto const found =
            std::ranges::find(committed_offsets, partition, &std::pair<std::int32_t, std::int64_t>::first);
        auto const committed = found == committed_offsets.end() ? 0 : found->second;
        lag += std::max<std::int64_t>(0, from.end - std::max({committed, begin, std::int64_t{0}}));
    }
    figures_.lag = lag;
    if (assigned_once_) figures_.unread = unread;
}

/// Of all partitions that are held, within a bound; one that does not answer keeps the end it had.
void group_reader::ask_ends() {
    ask_ends_at_ = steady_clock::now() + ask_ends_interval;
    if (readings_.empty()) return;
    partition_list const asked{rd_kafka_topic_partition_list_new(static_cast<int>(readings_.size()))};
    for (auto const& [partition, from] : readings_)
        rd_kafka_topic_partition_list_add(asked.get(), options_.topic.c_str(), partition)->offset = RD_KAFKA_OFFSET_END;
    // Its own outcome is the sum of the partitions', each of which has its own.
    rd_kafka_offsets_for_times(client_.get(), asked.get(), ask_ends_time_ms);
    for (auto const& each : all_of(*asked)) {
        auto const found = readings_.find(each.partition);
        if (each.err == RD_KAFKA_RESP_ERR_NO_ERROR && found != readings_.end())
            found->second.end = std::max(found->second.end, each.offset);
    }
}

}  // namespace logpipe::kafka
