#include "message_feed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <span>
#include <utility>

namespace logpipe::kafka {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t messages_a_round = 1024;
constexpr auto poll_time = 50ms;
// After so many gaps in a partition that were there the second time too, it is compacted, or written in transactions,
// and only one a second is read once more, since something may expire meanwhile.
constexpr std::uint32_t gaps_verified = 16;
constexpr auto begin_time = 1s;
constexpr int seek_time_ms = 5'000;

}  // namespace

message_feed::message_feed(group_member& member, std::string const& cluster_id)
    : member_{member}, ids_{cluster_id, member.options.topic} {}

void message_feed::open() {
    messages_.reset(rd_kafka_queue_new(member_.client.get()));
}

void message_feed::forward(std::int32_t partition) {
    queue_handle const own{
        rd_kafka_queue_get_partition(member_.client.get(), member_.options.topic.c_str(), partition)};
    if (own) rd_kafka_queue_forward(own.get(), messages_.get());
}

void message_feed::fetch() {
    std::array<rd_kafka_message_t*, messages_a_round> got;
    // The call waits until `got` is full or the time is over: so the first one alone, then what else is there.
    auto count = rd_kafka_consume_batch_queue(messages_.get(), milliseconds_of(poll_time), got.data(), 1);
    if (count < 1) return;
    auto const more = rd_kafka_consume_batch_queue(messages_.get(), 0, got.data() + 1, got.size() - 1);
    if (more > 0) count += more;
    ++round_;
    {
        intake::filling filling{member_.into};
        for (auto const* message : std::span{got}.first(static_cast<std::size_t>(count)))
            message->err == RD_KAFKA_RESP_ERR_NO_ERROR ? take(*message, filling) : took_error(*message);
        // Before it can be read, and reported as safe.
        for (auto& [partition, from] : member_.assigned) {
            if (!from.touched) continue;
            member_.positions.saw(from.number, from.taken, from.next, from.marks);
            from.marks.clear();
            from.touched = false;
        }
    }
    for (auto* message : std::span{got}.first(static_cast<std::size_t>(count))) rd_kafka_message_destroy(message);
    member_.events.recovered();
    seek_to_gaps();
}

void message_feed::take(rd_kafka_message_t const& message, intake::filling& filling) {
    auto const found = member_.assigned.find(message.partition);
    if (found == member_.assigned.end() || found->second.is_revoked) return;  // the next member reads it
    auto& from = found->second;
    if (message.offset != from.next && !follows(message.partition, from, message.offset)) return;
    from.next = message.offset + 1;
    from.epoch = rd_kafka_message_leader_epoch(&message);
    from.touched = true;
    if (message.payload == nullptr) {
        member_.figures.tombstones.fetch_add(1, std::memory_order_relaxed);
        pass(from, from.next, {.tombstones = 1});
        return;
    }
    rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    auto const timestamp_ms = rd_kafka_message_timestamp(&message, &type);
    bool const timed = type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;

    auto& events = filling.of(from.number, from.origin);
    auto const facts = ids_.of(message, timed ? timestamp_ms : 0);
    auto tag = member_.options.tag_header.empty() ? std::string_view{}
                                                  : header_of(message, member_.options.tag_header.c_str());
    if (tag.empty()) tag = facts.tag.empty() ? std::string_view{member_.options.topic} : facts.tag;
    auto& row = events.append(events.tag_index(tag), facts.id, facts.time_ns,
                              {static_cast<char const*>(message.payload), message.len});
    row.received_ns = facts.received_ns;
    row.offset = static_cast<std::uint64_t>(message.offset);
    events.end_offset = static_cast<std::uint64_t>(from.next);
    from.taken = from.next;
}

/// An offset that is not the next one. @return true when the message is to be taken.
bool message_feed::follows(std::int32_t partition, reading& from, std::int64_t offset) {
    if (offset < from.next) {
        restart(partition, from, offset);
        return true;
    }
    if (from.sought_in == round_) return false;  // after a gap that is read once more
    bool const believed = from.gaps >= gaps_verified && std::chrono::steady_clock::now() - from.begin_at < begin_time;
    if (from.sought != from.next && !believed) {
        from.sought = from.next;
        from.sought_in = round_;
        seeks_.push_back(partition);
        return false;
    }
    ++from.gaps;
    pass_gap(from, offset);
    return true;
}

/// The partition was recreated, or lost its end: to us it is a new one.
void message_feed::restart(std::int32_t partition, reading& from, std::int64_t offset) {
    log_warn(
        "kafka_source: {} continues at offset {} instead of {}: the topic was recreated, or its end was lost; counting "
        "restarts there",
        from.origin, offset, from.next);
    if (from.touched) member_.positions.saw(from.number, from.taken, from.next, from.marks);
    member_.positions.release(from.number);
    from.number = member_.positions.assign(partition, offset, std::nullopt, member_.topic_id);
    from.next = from.taken = from.end = offset;
    from.passed = {};
    from.marks.clear();
    from.begin = 0;
}

/// Adds up offsets without an event, and joins them to a run that continues.
void message_feed::pass(reading& from, std::int64_t end, passed_offsets const& what) {
    from.passed += what;
    if (from.marks.empty() || from.marks.back().end <= from.taken) from.marks.emplace_back();
    from.marks.back() = {.end = end, .passed = from.passed};
}

/// The offsets from `next` to `end` have no messages.
void message_feed::pass_gap(reading& from, std::int64_t end) {
    auto const begin = std::clamp(from.begin, from.next, end);
    passed_offsets const what{.gaps = static_cast<std::uint64_t>(end - begin),
                              .expired = static_cast<std::uint64_t>(begin - from.next)};
    member_.figures.missing_offsets.fetch_add(what.gaps, std::memory_order_relaxed);
    member_.figures.expired_offsets.fetch_add(what.expired, std::memory_order_relaxed);
    if (what.expired > 0)
        log_warn("kafka_source: {}: {} offsets, {} to {}, expired before they were read: raise the topic's retention",
                 from.origin, what.expired, from.next, begin - 1);
    if (what.gaps > 0)
        if (auto const lines = gap_lines_.admit(); lines != 0)
            log_info(
                "kafka_source: {} has no messages from offset {} to {}: compaction or transactions ({} such lines)",
                from.origin, begin, end - 1, lines);
    pass(from, end, what);
}

/// The oldest offset that is still there: what a gap has before that has expired.
void message_feed::query_begin(std::int32_t partition, reading& from) {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    auto const code = rd_kafka_query_watermark_offsets(member_.client.get(), member_.options.topic.c_str(), partition,
                                                       &begin, &end, seek_time_ms);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        from.begin = begin;
        from.begin_at = std::chrono::steady_clock::now();
    } else if (auto const lines = member_.error_lines.admit(); lines != 0) {
        log_warn("kafka_source: {}: querying the oldest offset: {} ({} such lines)", from.origin,
                 rd_kafka_err2str(code), lines);
    }
}

/// Seeks back to where gaps begin: librdkafka before 2.1 lost messages where it sought or rebalanced meanwhile.
void message_feed::seek_to_gaps() {
    for (auto const partition : std::exchange(seeks_, {})) {
        auto const found = member_.assigned.find(partition);
        if (found == member_.assigned.end()) continue;
        query_begin(partition, found->second);
        partition_list const list{rd_kafka_topic_partition_list_new(1)};
        rd_kafka_topic_partition_list_add(list.get(), member_.options.topic.c_str(), partition)->offset =
            found->second.next;
        kafka_failure const failure{rd_kafka_seek_partitions(member_.client.get(), list.get(), seek_time_ms)};
        auto const code = failure ? rd_kafka_error_code(failure.get()) : list->elems[0].err;
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
        found->second.sought = -1;  // what comes next shows the gap again
        log_warn("kafka_source: {}: seeking back to offset {}: {}", found->second.origin, found->second.next,
                 rd_kafka_err2str(code));
    }
}

void message_feed::took_error(rd_kafka_message_t const& message) {
    if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        took_end(message.partition, message.offset);
        return;
    }
    if (message.err == RD_KAFKA_RESP_ERR__FATAL) return;  // client_events has noted it
    auto const* const words = rd_kafka_message_errstr(&message);
    auto what =
        kafka_error(message.err, fmt::format("group {}, topic {}", member_.options.group, member_.options.topic),
                    words == nullptr ? "" : words);
    if (auto const lines = member_.error_lines.admit(); lines != 0)
        log_warn("kafka_source: {} ({} such lines)", what.message, lines);
    member_.events.note_failure(std::move(what));
}

/// There is nothing more before the partition's end, up to which it was read.
void message_feed::took_end(std::int32_t partition, std::int64_t end) {
    auto const found = member_.assigned.find(partition);
    if (found == member_.assigned.end() || found->second.is_revoked || end <= found->second.next) return;
    auto& from = found->second;
    if (!follows(partition, from, end)) return;
    from.next = end;
    from.touched = true;
}

}  // namespace logpipe::kafka
