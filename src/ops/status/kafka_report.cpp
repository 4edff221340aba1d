// What a Kafka cluster's answers mean: brokers, topics, groups, and the account of each hop.
#include "status/components.hpp"
#include "words.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace logpipe::status {

namespace {

component topic_row(kafka_hop const& from, std::string const& brokers) {
    component row{.kind = "topic", .name = from.topic};
    row.more = fmt::format("kcat -b {} -t {} -o -10 -e", brokers, from.topic);
    if (!from.partitions) {
        row.state =
            from.partitions.error().code == errc::unauthorized ? component_state::unknown : component_state::down;
        row.reason = from.partitions.error().message;
        return row;
    }
    std::uint64_t messages = 0;
    std::uint64_t leaderless = 0;
    std::uint64_t out_of_sync = 0;
    for (auto const& each : *from.partitions) {
        messages += static_cast<std::uint64_t>(std::max<std::int64_t>(0, each.end - each.begin));
        leaderless += each.leader < 0 ? 1U : 0U;
        out_of_sync += each.in_sync < each.replicas ? 1U : 0U;
    }
    row.figure = fmt::format("{}, {}", counted(from.partitions->size(), "partition"), counted(messages, "message"));
    row.numbers = {{"partitions", static_cast<double>(from.partitions->size())},
                   {"messages", static_cast<double>(messages)},
                   {"partitions_without_leader", static_cast<double>(leaderless)},
                   {"partitions_under_replicated", static_cast<double>(out_of_sync)}};
    if (leaderless > 0) {
        row.state = component_state::down;
        row.reason = fmt::format("{} without a leader: start the broker that led it", counted(leaderless, "partition"));
    } else if (out_of_sync > 0) {
        row.reason = fmt::format("{} with replicas that are not in sync", counted(out_of_sync, "partition"));
    }
    return row;
}

/// in = what came into the topic since the group's counts began, in flight = what it has not committed.
struct hop_account {
    ledger book;
    std::uint64_t lag = 0;
    std::uint64_t foreign_partitions = 0;  ///< whose commits carry no counts
};

hop_account account_of(kafka_hop const& from) {
    hop_account all;
    for (auto const& part : *from.partitions) {
        auto const found =
            std::ranges::find(from.members->positions, part.partition, &kafka::kafka_group_position::partition);
        auto const committed = found == from.members->positions.end() ? -1 : found->committed;
        // The end was asked before the group: what came meanwhile may be committed already.
        auto const end = std::max(part.end, committed);
        // A position that fell behind the topic's oldest message reads on from there.
        auto const next = committed < 0 ? part.begin : std::max(committed, part.begin);
        auto const held = static_cast<std::uint64_t>(std::max<std::int64_t>(0, end - next));
        all.lag += held;
        auto const expired = static_cast<std::uint64_t>(committed < 0 ? 0 : std::min(next, end) - committed);
        if (committed >= 0 && found->counted_from < 0) {
            ++all.foreign_partitions;
            continue;
        }
        auto const begin = committed < 0 ? part.begin : found->counted_from;
        if (committed >= 0) {
            all.book.counts.indexed += found->counts.indexed;
            all.book.counts.duplicates += found->counts.duplicates;
            all.book.counts.dead += found->counts.dead;
            all.book.counts.dropped += found->counts.dropped;
            all.book.passed += found->passed;
            all.book.passed.expired += expired;
        }
        all.book.counts.in += static_cast<std::uint64_t>(std::max<std::int64_t>(0, end - begin));
        all.book.in_flight += held;
    }
    return all;
}

component group_row(kafka_hop const& from, hop_account const& account, std::string const& brokers) {
    component row{.kind = "group", .name = from.group};
    row.more = fmt::format("kafka-consumer-groups.sh --bootstrap-server {} --describe --group {}", brokers, from.group);
    auto const members = from.members->members.size();
    row.figure = fmt::format("lag {}, {}, {}", grouped(account.lag), counted(members, "member"), from.members->state);
    row.numbers = {{"lag_events", static_cast<double>(account.lag)}, {"members", static_cast<double>(members)}};
    if (members == 0) {
        row.state = account.lag > 0 ? component_state::down : component_state::up;
        row.reason = fmt::format("no member consumes {}: start the consumer", from.topic);
    }
    return row;
}

void add_hop(status_report& report, kafka_hop const& from, std::string const& brokers) {
    bool const reported = std::ranges::any_of(
        report.components, [&](component const& each) { return each.kind == "topic" && each.name == from.topic; });
    if (!reported) report.components.push_back(topic_row(from, brokers));
    if (!from.partitions) return;
    if (!from.members) {
        component row{.kind = "group", .name = from.group, .state = component_state::unknown};
        row.reason = from.members.error().message;
        report.components.push_back(std::move(row));
        return;
    }
    auto const account = account_of(from);
    report.components.push_back(group_row(from, account, brokers));
    hop step{.name = fmt::format("kafka {} → {}", from.topic, from.group), .book = account.book, .note = {}};
    if (account.foreign_partitions > 0)
        step.note =
            fmt::format("without {} that another program committed", counted(account.foreign_partitions, "partition"));
    report.hops.push_back(std::move(step));
}

}  // namespace

status_report report_of_kafka(probed<kafka_findings> const& from) {
    status_report report;
    component row{.kind = "kafka", .name = "kafka", .address = from.address};
    row.probe_seconds = from.took.count();
    row.more = fmt::format("kcat -b {} -L", from.address);
    if (!from.got) {
        row.state = from.got.error().code == errc::unauthorized ? component_state::unknown : component_state::down;
        row.reason = from.got.error().message;
        report.components.push_back(std::move(row));
        return report;
    }
    auto const& cluster = from.got->cluster;
    row.figure = counted(cluster.brokers.size(), "broker");
    row.numbers = {{"brokers", static_cast<double>(cluster.brokers.size())}};
    if (cluster.brokers.empty()) {
        row.state = component_state::down;
        row.reason = "no broker is up";
    }
    report.components.push_back(std::move(row));
    for (auto const& each : from.got->hops) add_hop(report, each, from.address);
    return report;
}

}  // namespace logpipe::status
