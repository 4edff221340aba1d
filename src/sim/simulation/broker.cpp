#include "broker.hpp"

#include "commit_metadata.hpp"

#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace logpipe::sim {

namespace {

using namespace std::chrono_literals;

constexpr auto session_timeout = 10s;

}  // namespace

void broker::rebalance() {
    ++turn_;
    assign();
}

void broker::end_faults() {
    away_until_ = loses_reports_until_ = {};
}

void broker::append(std::size_t partition, std::string key, std::string value) {
    values_.insert(value);
    logs_.at(partition).push_back({.key = std::move(key), .value = std::move(value)});
}

broker::instructions broker::heartbeat(std::uint64_t member) {
    auto const found = members_.find(member);
    if (found == members_.end()) {
        members_[member].seen = course_.time.now;
        assign();
        return {.was_lost = true, .assigned = {}, .revoked = {}};
    }
    found->second.seen = course_.time.now;
    instructions next{.was_lost = false, .assigned = std::exchange(found->second.assigned, {}), .revoked = {}};
    auto const place = static_cast<std::size_t>(std::distance(members_.begin(), found));
    for (std::size_t i = 0; i < partitions; ++i)
        if (owners_.at(i) == member && (i + turn_) % members_.size() != place) next.revoked.push_back(i);
    return next;
}

void broker::give_back(std::uint64_t member, std::size_t partition) {
    if (owners_.at(partition) != member) return;
    owners_.at(partition) = nobody;
    assign();
}

void broker::leave(std::uint64_t member) {
    forget(member);
    assign();
}

void broker::forget(std::uint64_t member) {
    members_.erase(member);
    for (auto& each : owners_)
        if (each == member) each = nobody;
}

/// What nobody has gets its owner; who has what another is to get gives it back first.
void broker::assign() {
    if (members_.empty()) return;
    for (std::size_t i = 0; i < partitions; ++i) {
        if (owners_.at(i) != nobody) continue;
        auto const to = std::next(members_.begin(), static_cast<std::ptrdiff_t>((i + turn_) % members_.size()));
        owners_.at(i) = to->first;
        to->second.assigned.push_back(i);
    }
}

void broker::step() {
    next_check_ = course_.time.now + 1s;
    if (!is_there()) {
        // A coordinator that comes back gives its members time.
        for (auto& [number, member] : members_) member.seen = course_.time.now;
        return;
    }
    std::vector<std::uint64_t> silent;
    for (auto const& [number, member] : members_)
        if (member.seen + session_timeout < course_.time.now) silent.push_back(number);
    for (auto const number : silent) forget(number);
    if (!silent.empty()) assign();
}

bool broker::commit(std::uint64_t member, std::size_t partition, position const& to) {
    // As Kafka does: who is a member may commit, whatever it has.
    if (!members_.contains(member)) return false;
    if (owners_.at(partition) != member)
        course_.wrong(
            invariant::position,
            fmt::format("a member that gave partition {} back has moved its position to {}", partition, to.offset));
    check(partition, to);
    committed_.at(partition) = to;
    return true;
}

void broker::check(std::size_t partition, position const& to) {
    auto const& before = committed_.at(partition);
    if (before && to.offset < before->offset)
        course_.wrong(invariant::position, fmt::format("the position of partition {} goes back from {} to {}",
                                                       partition, before->offset, to.offset));
    auto const counted = kafka::parse_commit_metadata(to.metadata, to.offset);
    if (!counted || counted->counts.in != static_cast<std::uint64_t>(to.offset - counted->counted_from) ||
        counted->counts.done() != counted->counts.in)
        course_.wrong(invariant::ledger,
                      fmt::format("partition {} is at {}, and was counted as {}", partition, to.offset, to.metadata));
}

bool broker::is_read() const {
    for (std::size_t i = 0; i < partitions; ++i) {
        auto const& at = committed_.at(i);
        if ((at ? at->offset : 0) < static_cast<std::int64_t>(logs_.at(i).size())) return false;
    }
    return true;
}

}  // namespace logpipe::sim
