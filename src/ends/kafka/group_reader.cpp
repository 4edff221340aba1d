#include "group_reader.hpp"

#include "consumer_settings.hpp"
#include "core/thread.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace logpipe::kafka {

namespace {

using namespace std::chrono_literals;

constexpr auto poll_time = 50ms;
// At the end: for what goes on in the group, and for the way out of it.
constexpr auto leave_time = 5'000ms;
constexpr auto leave_poll_time = 10ms;  // librdkafka has no event for having left

}  // namespace

group_reader::group_reader(kafka_source_options const& options, topic_facts const& facts, std::int64_t start,
                           intake& into, group_positions& positions)
    : client_events{"kafka_source"},
      starts_at_end_{start == RD_KAFKA_OFFSET_END},
      member_{.options = options, .into = into, .positions = positions, .events = *this},
      starts_{member_, facts, start},
      feed_{member_, facts.cluster_id},
      commits_{member_},
      lag_{member_},
      watch_{member_},
      assignment_{member_, {.starts = starts_, .feed = feed_, .commits = commits_, .lag = lag_, .watch = watch_}} {
    for (auto const& each : facts.partitions) ends_[each.partition] = each.end;
}

void group_reader::retire::operator()(group_reader* reader) const noexcept {
    reader->member_.stopping = true;
    if (reader->poll_.joinable()) reader->poll_.join();
    if (reader->freeable_) delete reader;
}

result<> group_reader::start() {
    auto made =
        make_client(client_kind::consumer, member_.options.connection, consumer_settings(member_.options), *this);
    if (!made) return made.error();
    member_.client = *std::move(made);
    rd_kafka_poll_set_consumer(member_.client.get());
    feed_.open();
    commits_.open();
    if (starts_at_end_)
        if (auto found = starts_.find_late_partitions(); !found) return found;
    partition_list const topics{rd_kafka_topic_partition_list_new(1)};
    rd_kafka_topic_partition_list_add(topics.get(), member_.options.topic.c_str(), RD_KAFKA_PARTITION_UA);
    if (auto const code = rd_kafka_subscribe(member_.client.get(), topics.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return kafka_error(code, fmt::format("subscribing to topic {}", member_.options.topic));
    poll_ = start_thread("kafka-poll", [this] { run(); });
    return {};
}

void group_reader::run() {
    while (!member_.stopping) {
        // Rebalances, errors and statistics; messages go to a queue of their own.
        bool const resting = member_.into.closed();
        message_handle const message{
            rd_kafka_consumer_poll(member_.client.get(), resting ? milliseconds_of(poll_time) : 0)};
        if (message) feed_.took_error(*message);
        assignment_.return_drained();
        commits_.commit_due();
        watch_.check();
        lag_.measure(assignment_.was_assigned());
        if (resting) continue;
        if (member_.options.until_end && at_end()) {
            member_.into.close();
        } else if (member_.into.full()) {
            member_.into.wait_for_room(poll_time);
        } else {
            feed_.fetch();
        }
    }
    commits_.commit_all();
    leave_group();
    for (auto const& [partition, from] : member_.assigned) member_.positions.release(from.number);  // those not revoked
    commits_.close();
    feed_.close();
    watch_.cancel();
}

void group_reader::rebalanced(rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* partitions) noexcept {
    ++member_.figures.rebalances;
    if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        assignment_.assign(*partitions);
    } else {
        assignment_.revoke(*partitions);
    }
    member_.figures.assigned = member_.assigned.size();
}

/// The order of this makes up for what librdkafka 2.8.0 (rdkafka_cgrp.c) does not do:
/// - Closing does not leave the group for a member that has no partitions, or is joining; the others would wait for the
///   end of its session. So it unsubscribes first, which does. A static member must not: it would lose its partitions.
/// - A static member that is closed while it joins may wait for ever in the callback that assigns its partitions. So it
///   waits for these first.
/// - Freeing can wait for ever after a fatal error, as that of a static member which another one replaced, and where
/// the
///   coordinator does not respond. So such a client is not freed.
void group_reader::leave_group() {
    using std::chrono::steady_clock;
    assignment_.return_at_once();
    auto const poll_until = [&](auto done) {
        for (auto const until = steady_clock::now() + leave_time; !done() && !fatal() && steady_clock::now() < until;)
            message_handle const dropped{
                rd_kafka_consumer_poll(member_.client.get(), milliseconds_of(leave_poll_time))};
    };
    if (member_.options.instance_id.empty()) {
        rd_kafka_unsubscribe(member_.client.get());  // postponed while it is joining
        poll_until([&] { return !is_member(); });
    } else {
        poll_until([&] { return assignment_.was_assigned(); });
    }
    queue_handle const own{rd_kafka_queue_get_consumer(member_.client.get())};
    kafka_failure const failure{rd_kafka_consumer_close_queue(member_.client.get(), own.get())};
    auto const closed = [&] { return failure || rd_kafka_consumer_closed(member_.client.get()) != 0; };
    if (failure)
        log_warn("kafka_source: leaving group {}: {}", member_.options.group, rd_kafka_error_string(failure.get()));
    poll_until(closed);
    // Not fatal(): the event that sets that may not have been taken yet.
    bool const is_broken = rd_kafka_fatal_error(member_.client.get(), nullptr, 0) != RD_KAFKA_RESP_ERR_NO_ERROR;
    freeable_ = closed() && !is_broken;
    if (!freeable_ && !is_broken)
        log_warn(
            "kafka_source: the coordinator of group {} did not respond while this member left: its partitions are "
            "assigned to others when its session times out",
            member_.options.group);
}

/// Until it has left, or the group has forgotten it.
bool group_reader::is_member() const {
    auto* const id = rd_kafka_memberid(member_.client.get());
    bool const there = id != nullptr && *id != '\0';
    rd_kafka_mem_free(member_.client.get(), id);
    return there;
}

bool group_reader::at_end() const {
    if (!assignment_.was_assigned() || assignment_.is_revoking()) return false;
    return std::ranges::all_of(member_.assigned, [&](auto const& each) {
        auto const end = ends_.find(each.first);
        return end == ends_.end() || each.second.next >= end->second;
    });
}

}  // namespace logpipe::kafka
