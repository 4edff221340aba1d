#include "group_reader.hpp"

#include "core/thread.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace logpipe::kafka {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t messages_a_round = 1024;
constexpr auto poll_time = 50ms;
// After so many gaps in a partition that were there the second time too, it is compacted, or written in transactions,
// and only one a second is looked at again, since something may expire meanwhile.
constexpr std::uint32_t gaps_looked_at = 16;
constexpr auto begin_time = 1s;
constexpr int seek_time_ms = 5'000;
// At the end: for what goes on in the group, and for the way out of it.
constexpr auto leave_time = 5'000ms;
constexpr auto leave_poll_time = 10ms;  // librdkafka tells nobody that it has left

/// KIP-848, `group.protocol=consumer`; the last one of a property holds.
bool broker_assigns(kafka_connection const& connection) {
    auto const& properties = connection.properties;
    auto const found =
        std::ranges::find(properties.rbegin(), properties.rend(), "group.protocol", &kafka_property::first);
    return found != properties.rend() && found->second == "consumer";
}

std::vector<kafka_property> settings_of(kafka_source_options const& options) {
    auto const queue_bytes = std::max(options.queue_bytes_max, std::size_t{1} << 20U);
    std::vector<kafka_property> out{
        {"statistics.interval.ms", "5000"},
        {"group.id", options.group},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"allow.auto.create.topics", "false"},
        // Groups without a position start where we say; this is for one whose position retention has passed.
        {"auto.offset.reset", "earliest"},
        {"max.poll.interval.ms", std::to_string(options.poll_interval_max.count())},
        {"queued.max.messages.kbytes", std::to_string(queue_bytes >> 10U)},
        {"queued.min.messages", "10000000"},  // so that only the bytes count
        // How long a fetcher that found the queue full sleeps, whatever is taken out meanwhile.
        {"fetch.queue.backoff.ms", "5"},
        // An answer holds at least one message, which may be larger.
        {"receive.message.max.bytes", "1100000000"},
        {"fetch.max.bytes", std::to_string(std::min(queue_bytes, std::size_t{50} << 20U))},
        // Not where it goes on: taken in a batch, an end's offset counts as a message's for librdkafka (2.8.0), which
        // then reads on one offset too far after a rebalance, and where that is past the end, all of it again.
        {"enable.partition.eof", options.until_end ? "true" : "false"}};
    if (broker_assigns(options.connection)) {
        // Session timeout, heartbeats and assignment are the broker's then. Named, it is taken over step by step.
        out.emplace_back("group.remote.assignor", "uniform");
    } else {
        out.emplace_back("partition.assignment.strategy", "cooperative-sticky");
        out.emplace_back("session.timeout.ms", std::to_string(options.session_timeout.count()));
    }
    if (!options.instance_id.empty()) out.emplace_back("group.instance.id", options.instance_id);
    return out;
}

}  // namespace

group_reader::group_reader(kafka_source_options const& options, topic_facts const& facts, std::int64_t start,
                           intake& into, group_positions& positions)
    : client_events{"kafka_source"},
      options_{options},
      start_{start},
      ids_{facts.cluster_id, options.topic},
      intake_{into},
      positions_{positions} {
    for (auto const& each : facts.partitions) {
        ends_[each.partition] = each.end;
        first_.insert(each.partition);
    }
}

void group_reader::retire::operator()(group_reader* reader) const noexcept {
    reader->stopping_ = true;
    if (reader->poll_.joinable()) reader->poll_.join();
    if (reader->freeable_) delete reader;
}

result<> group_reader::start() {
    auto const settings = settings_of(options_);
    auto made = make_client(client_kind::consumer, options_.connection, settings, *this);
    if (!made) return made.error();
    client_ = *std::move(made);
    rd_kafka_poll_set_consumer(client_.get());
    messages_.reset(rd_kafka_queue_new(client_.get()));
    commits_.reset(rd_kafka_queue_new(client_.get()));
    if (start_ == RD_KAFKA_OFFSET_END)
        if (auto found = find_late_partitions(); !found) return found;
    partition_list const topics{rd_kafka_topic_partition_list_new(1)};
    rd_kafka_topic_partition_list_add(topics.get(), options_.topic.c_str(), RD_KAFKA_PARTITION_UA);
    if (auto const code = rd_kafka_subscribe(client_.get(), topics.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return kafka_error(code, fmt::format("subscribing to topic {}", options_.topic));
    poll_ = start_thread("kafka-poll", [this] { run(); });
    return {};
}

void group_reader::run() {
    while (!stopping_) {
        // Rebalances, errors and statistics; messages go to a queue of their own.
        bool const resting = intake_.closed();
        message_handle const told{rd_kafka_consumer_poll(client_.get(), resting ? milliseconds_of(poll_time) : 0)};
        if (told) took_error(*told);
        leave_when_settled();
        commit_some();
        watch_topic();
        measure();
        if (resting) continue;
        if (options_.until_end && at_end()) {
            intake_.close();
        } else if (intake_.full()) {
            intake_.wait_for_room(poll_time);
        } else {
            fetch();
        }
    }
    commit_all();
    leave_group();
    for (auto const& [partition, from] : readings_) positions_.give_up(from.number);  // where nobody asked for them
    commits_.reset();
    messages_.reset();
    topic_question_.reset();
}

/// What librdkafka 2.8.0 (rdkafka_cgrp.c) does not do by itself is behind the order of this:
/// - Closing does not tell the group of a member that has no partitions, or is joining; the others would wait for the
///   end of its session. So it leaves the topic first, which does. A static member must not: it would lose what waits
///   for it.
/// - A static member that is closed while it joins may wait for ever in the callback that brings its partitions. So it
///   is let in first.
/// - Freeing can wait for ever after a fatal error, as a static member's that another one took the place of, and where
///   the coordinator does not answer. So such a client is not freed.
void group_reader::leave_group() {
    using std::chrono::steady_clock;
    closing_ = true;
    if (leaving_) leave(*leaving_);
    auto const poll_until = [&](auto done) {
        for (auto const until = steady_clock::now() + leave_time; !done() && !fatal() && steady_clock::now() < until;)
            message_handle const dropped{rd_kafka_consumer_poll(client_.get(), milliseconds_of(leave_poll_time))};
    };
    if (options_.instance_id.empty()) {
        rd_kafka_unsubscribe(client_.get());  // put off while it is joining
        poll_until([&] { return !is_member(); });
    } else {
        poll_until([&] { return assigned_once_; });
    }
    queue_handle const own{rd_kafka_queue_get_consumer(client_.get())};
    kafka_failure const failure{rd_kafka_consumer_close_queue(client_.get(), own.get())};
    auto const closed = [&] { return failure || rd_kafka_consumer_closed(client_.get()) != 0; };
    if (failure) log_warn("kafka_source: leaving group {}: {}", options_.group, rd_kafka_error_string(failure.get()));
    poll_until(closed);
    // Not fatal(): the event that sets that may not have been taken yet.
    bool const is_broken = rd_kafka_fatal_error(client_.get(), nullptr, 0) != RD_KAFKA_RESP_ERR_NO_ERROR;
    freeable_ = closed() && !is_broken;
    if (!freeable_ && !is_broken)
        log_warn("kafka_source: group {} did not answer while this member left; it will miss the member",
                 options_.group);
}

/// Until it has left, or the group has forgotten it.
bool group_reader::is_member() const {
    auto* const id = rd_kafka_memberid(client_.get());
    bool const there = id != nullptr && *id != '\0';
    rd_kafka_mem_free(client_.get(), id);
    return there;
}

void group_reader::fetch() {
    std::array<rd_kafka_message_t*, messages_a_round> got;
    // The call waits until all places are taken or the time is over: so the first one alone, then what else is there.
    auto count = rd_kafka_consume_batch_queue(messages_.get(), milliseconds_of(poll_time), got.data(), 1);
    if (count < 1) return;
    auto const more = rd_kafka_consume_batch_queue(messages_.get(), 0, got.data() + 1, got.size() - 1);
    if (more > 0) count += more;
    ++round_;
    {
        intake::filling filling{intake_};
        for (auto const* message : std::span{got}.first(static_cast<std::size_t>(count)))
            message->err == RD_KAFKA_RESP_ERR_NO_ERROR ? take(*message, filling) : took_error(*message);
        // Before anybody can read, and say that it is safe.
        for (auto& [partition, from] : readings_) {
            if (!from.touched) continue;
            positions_.saw(from.number, from.taken, from.next, from.marks);
            from.marks.clear();
            from.touched = false;
        }
    }
    for (auto* message : std::span{got}.first(static_cast<std::size_t>(count))) rd_kafka_message_destroy(message);
    works();
    look_again();
}

void group_reader::take(rd_kafka_message_t const& message, intake::filling& filling) {
    auto const found = readings_.find(message.partition);
    if (found == readings_.end() || found->second.leaving) return;  // whoever has it next reads it
    auto& from = found->second;
    if (message.offset != from.next && !follows(message.partition, from, message.offset)) return;
    from.next = message.offset + 1;
    from.epoch = rd_kafka_message_leader_epoch(&message);
    from.touched = true;
    if (message.payload == nullptr) {
        figures_.tombstones.fetch_add(1, std::memory_order_relaxed);
        pass(from, from.next, {.tombstones = 1});
        return;
    }
    rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    auto const timestamp_ms = rd_kafka_message_timestamp(&message, &type);
    bool const timed = type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;

    auto& events = filling.of(from.number, from.origin);
    auto const facts = ids_.of(message, timed ? timestamp_ms : 0);
    auto tag = options_.tag_header.empty() ? std::string_view{} : header_of(message, options_.tag_header.c_str());
    if (tag.empty()) tag = facts.tag.empty() ? std::string_view{options_.topic} : facts.tag;
    auto& row = events.append(events.tag_index(tag), facts.id, facts.time_ns,
                              {static_cast<char const*>(message.payload), message.len});
    row.received_ns = facts.received_ns;
    row.offset = static_cast<std::uint64_t>(message.offset);
    events.end_offset = static_cast<std::uint64_t>(from.next);
    from.taken = from.next;
}

/// An offset that is not the next one. @return true when the message is to be taken.
bool group_reader::follows(std::int32_t partition, reading& from, std::int64_t offset) {
    if (offset < from.next) {
        log_warn(
            "kafka_source: {} goes on at offset {} in place of {}: the topic was made again, or its end was lost; "
            "counting begins anew",
            from.origin, offset, from.next);
        if (from.touched) positions_.saw(from.number, from.taken, from.next, from.marks);
        positions_.give_up(from.number);
        from.number = positions_.assign(partition, offset, std::nullopt, topic_id_);
        from.next = from.taken = from.end = offset;
        from.passed = {};
        from.marks.clear();
        from.begin = 0;
        return true;
    }
    if (from.sought_in == round_) return false;  // behind a gap that is looked at again
    bool const believed = from.gaps >= gaps_looked_at && std::chrono::steady_clock::now() - from.begin_at < begin_time;
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

/// Adds up what holds no event, and joins it to a run that goes on.
void group_reader::pass(reading& from, std::int64_t end, passed_offsets const& what) {
    from.passed += what;
    if (from.marks.empty() || from.marks.back().end <= from.taken) from.marks.emplace_back();
    from.marks.back() = {.end = end, .passed = from.passed};
}

/// From where we are to `end` nothing comes any more.
void group_reader::pass_gap(reading& from, std::int64_t end) {
    auto const begin = std::clamp(from.begin, from.next, end);
    passed_offsets const what{.gaps = static_cast<std::uint64_t>(end - begin),
                              .expired = static_cast<std::uint64_t>(begin - from.next)};
    figures_.missing_offsets.fetch_add(what.gaps, std::memory_order_relaxed);
    figures_.expired_offsets.fetch_add(what.expired, std::memory_order_relaxed);
    if (what.expired > 0)
        log_warn("kafka_source: {}: {} offsets, {} to {}, expired before they were read: raise the topic's retention",
                 from.origin, what.expired, from.next, begin - 1);
    if (what.gaps > 0)
        if (auto const lines = gap_lines_.admit(); lines != 0)
            log_info("kafka_source: {} has nothing from offset {} to {}: compaction or transactions ({} such lines)",
                     from.origin, begin, end - 1, lines);
    pass(from, end, what);
}

/// The oldest offset that is still there: what a gap has before that has expired.
void group_reader::ask_begin(std::int32_t partition, reading& from) {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    auto const code =
        rd_kafka_query_watermark_offsets(client_.get(), options_.topic.c_str(), partition, &begin, &end, seek_time_ms);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        from.begin = begin;
        from.begin_at = std::chrono::steady_clock::now();
    } else if (auto const lines = error_lines_.admit(); lines != 0) {
        log_warn("kafka_source: {}: asking for the oldest offset: {} ({} such lines)", from.origin,
                 rd_kafka_err2str(code), lines);
    }
}

/// Goes back to where a gap begins: librdkafka before 2.1 lost messages where it sought or rebalanced meanwhile.
void group_reader::look_again() {
    for (auto const partition : std::exchange(seeks_, {})) {
        auto const found = readings_.find(partition);
        if (found == readings_.end()) continue;
        ask_begin(partition, found->second);
        partition_list const list{rd_kafka_topic_partition_list_new(1)};
        rd_kafka_topic_partition_list_add(list.get(), options_.topic.c_str(), partition)->offset = found->second.next;
        kafka_failure const failure{rd_kafka_seek_partitions(client_.get(), list.get(), seek_time_ms)};
        auto const code = failure ? rd_kafka_error_code(failure.get()) : list->elems[0].err;
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
        found->second.sought = -1;  // what comes next shows the gap again
        log_warn("kafka_source: {}: looking at offset {} again: {}", found->second.origin, found->second.next,
                 rd_kafka_err2str(code));
    }
}

void group_reader::took_error(rd_kafka_message_t const& message) {
    if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        took_end(message.partition, message.offset);
        return;
    }
    if (message.err == RD_KAFKA_RESP_ERR__FATAL) return;  // told by client_events
    auto const* const words = rd_kafka_message_errstr(&message);
    auto what = kafka_error(message.err, fmt::format("group {}, topic {}", options_.group, options_.topic),
                            words == nullptr ? "" : words);
    if (auto const lines = error_lines_.admit(); lines != 0)
        log_warn("kafka_source: {} ({} such lines)", what.message, lines);
    went_wrong(std::move(what));
}

/// There is nothing more before the partition's end, up to which it was read.
void group_reader::took_end(std::int32_t partition, std::int64_t end) {
    auto const found = readings_.find(partition);
    if (found == readings_.end() || found->second.leaving || end <= found->second.next) return;
    auto& from = found->second;
    if (!follows(partition, from, end)) return;
    from.next = end;
    from.touched = true;
}

bool group_reader::at_end() const {
    if (!assigned_once_ || leaving_) return false;
    return std::ranges::all_of(readings_, [&](auto const& each) {
        auto const end = ends_.find(each.first);
        return end == ends_.end() || each.second.next >= end->second;
    });
}

}  // namespace logpipe::kafka
