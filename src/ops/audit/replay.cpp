// Moves a consumer group of Kafka to another position.
#include "audit/audit.hpp"
#include "core/clock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace logpipe::audit {

namespace {

std::optional<std::int64_t> number_of(std::string_view text) {
    std::int64_t number = 0;
    auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || failed != std::errc{} || end != text.data() + text.size() || number < 0) return std::nullopt;
    return number;
}

/// Where each partition is to go; one that is not named stays.
using targets = std::vector<std::pair<kafka::kafka_partition, std::int64_t>>;

result<targets> one_partition(std::vector<kafka::kafka_partition> const& partitions, std::string_view to) {
    auto const colon = to.find(':');
    auto const partition = number_of(to.substr(0, colon));
    auto const offset = colon == std::string_view::npos ? std::nullopt : number_of(to.substr(colon + 1));
    if (!partition || !offset)
        return error{errc::invalid_argument,
                     fmt::format("invalid value \"{}\" for --to: expected beginning, end, an RFC 3339 time such as "
                                 "2026-01-31T01:31:39Z, or PARTITION:OFFSET",
                                 to)};
    auto const found = std::ranges::find(partitions, *partition, &kafka::kafka_partition::partition);
    if (found == partitions.end())
        return error{errc::invalid_argument,
                     fmt::format("--to {}: no such partition: the topic has {}", to, partitions.size())};
    if (*offset < found->begin || *offset > found->end)
        return error{errc::invalid_argument,
                     fmt::format("--to {}: the partition holds offsets {} to {}", to, found->begin, found->end)};
    return targets{{*found, *offset}};
}

result<targets> targets_of(kafka::kafka_admin& cluster, std::string const& topic, std::string_view to) {
    auto const partitions = cluster.partitions(topic);
    if (!partitions) return partitions.error();
    targets found;
    if (to == "beginning" || to == "end") {
        for (auto const& part : *partitions) found.emplace_back(part, to == "end" ? part.end : part.begin);
        return found;
    }
    auto const time = parse_iso_time(to);
    if (!time) return one_partition(*partitions, to);
    auto const at = cluster.offsets_at(topic, *time / 1'000'000);
    if (!at) return at.error();
    for (auto const& part : *partitions) {
        auto const there = std::ranges::find(*at, part.partition, &kafka::kafka_partition::partition);
        found.emplace_back(part, there == at->end() ? part.end : there->begin);
    }
    return found;
}

}  // namespace

result<std::vector<group_move>> plan_replay(kafka::kafka_admin& cluster, std::string const& topic,
                                            std::string const& group, std::string_view to) {
    auto const wanted = targets_of(cluster, topic, to);
    if (!wanted) return wanted.error();
    auto const now = cluster.group(group, topic);
    if (!now && now.error().code != errc::not_found) return now.error();
    std::vector<group_move> moves;
    for (auto const& [part, offset] : *wanted) {
        group_move move{.partition = part.partition, .from = -1, .to = offset, .events = 0};
        if (now) {
            auto const at = std::ranges::find(now->positions, part.partition, &kafka::kafka_group_position::partition);
            if (at != now->positions.end()) move.from = at->committed;
        }
        move.events = (move.from < 0 ? part.end : std::clamp(move.from, part.begin, part.end)) - offset;
        moves.push_back(move);
    }
    return moves;
}

result<> replay(kafka::kafka_admin& cluster, std::string const& topic, std::string const& group,
                std::span<group_move const> moves) {
    auto const now = cluster.group(group, topic);
    if (!now && now.error().code != errc::not_found) return now.error();
    if (now && !now->members.empty()) {
        std::string members;
        for (auto const& each : now->members)
            members += fmt::format("{}{} on {}", members.empty() ? "" : ", ", each.client_id, each.host);
        return error{errc::busy, fmt::format("the group {} has {} members, which would reset it: stop them ({})", group,
                                             now->members.size(), members)};
    }
    std::vector<std::pair<std::int32_t, std::int64_t>> offsets;
    for (auto const& each : moves) offsets.emplace_back(each.partition, each.to);
    return cluster.move_group(group, topic, offsets);
}

}  // namespace logpipe::audit
