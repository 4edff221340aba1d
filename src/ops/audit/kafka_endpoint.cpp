// A topic, as the audit sees it: its events, and the offsets that hold none.
#include "audit/audit.hpp"
#include "named_endpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace logpipe::audit {

namespace {

/// Messages of a range of offsets.
struct message_counts {
    std::uint64_t messages = 0;
    std::uint64_t tombstones = 0;  ///< of them
};

std::uint64_t length(std::int64_t begin, std::int64_t end) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, end - begin));
}

/// How far it may be audited, and what is in there. `late` are the offsets that a group's counts are of, `early` those
/// before them.
struct audited_partition {
    kafka::kafka_partition facts;
    std::optional<kafka::kafka_group_position> reader;  ///< the one that is furthest back
    std::int64_t limit = 0;                             ///< what is from here on is in flight
    message_counts early;
    message_counts late;
    message_counts uncommitted_early;
    message_counts uncommitted_late;

    [[nodiscard]] bool is_counted() const { return reader && reader->counted_from >= 0; }
    [[nodiscard]] std::int64_t counted_from() const {
        return is_counted() ? std::clamp(reader->counted_from, facts.begin, limit) : limit;
    }
    [[nodiscard]] std::uint64_t early_gaps() const { return length(facts.begin, counted_from()) - early.messages; }
    [[nodiscard]] std::uint64_t late_gaps() const { return length(counted_from(), limit) - late.messages; }
    void add(message_counts& before, message_counts& since, kafka::kafka_message const& message) const {
        if (message.offset >= limit) return;
        auto& counts = message.offset < counted_from() ? before : since;
        ++counts.messages;
        if (!message.value) ++counts.tombstones;
    }
};

class kafka_endpoint final : public named_endpoint {
  public:
    kafka_endpoint(kafka::kafka_admin& cluster, uncommitted_reads uncommitted, std::string topic,
                   std::vector<std::string> groups)
        : named_endpoint{"kafka " + topic, endpoint_kind::input},
          cluster_{cluster},
          uncommitted_{std::move(uncommitted)},
          topic_{std::move(topic)},
          groups_{std::move(groups)} {}

    result<endpoint_facts> snapshot() override {
        auto const readers = find_readers();
        if (!readers) return readers.error();
        auto const found = cluster_.partitions(topic_);
        if (!found) return found.error();
        endpoint_facts facts;
        partitions_.clear();
        for (auto const& part : *found) {
            audited_partition at{.facts = part, .reader = std::nullopt, .limit = part.end};
            if (*readers) {
                auto const reader = (*readers)->find(part.partition);
                // Where somebody reads, but this partition not yet, none of it is to be in the store.
                at.limit = part.begin;
                if (reader != (*readers)->end()) {
                    at.reader = reader->second;
                    at.limit = std::clamp(at.reader->committed, part.begin, part.end);
                    facts.passed += at.reader->passed;
                    facts.dropped += at.reader->counts.dropped;
                    facts.passed.expired += length(at.reader->committed, part.begin);
                }
            }
            facts.total += static_cast<std::uint64_t>(part.end);
            facts.visible += length(part.begin, part.end);
            facts.in_flight += length(at.limit, part.end);
            if (part.begin > 0)
                facts.unseen.push_back(
                    fmt::format("partition {}: offsets 0 to {} have expired", part.partition, part.begin - 1));
            partitions_.push_back(std::move(at));
        }
        return facts;
    }

    /// Up to the ends of now: what the store got meanwhile has come through here.
    result<> scan(each_sighting const& each) override {
        auto const now = cluster_.partitions(topic_);
        if (!now) return now.error();
        for (auto const& part : *now) {
            auto& at = audited(part);
            at.early = at.late = {};
            auto scanned = cluster_.scan(topic_, part.partition, at.facts.begin, part.end,
                                         [&](kafka::kafka_message const& what) -> result<> {
                                             at.add(at.early, at.late, what);
                                             if (!what.value) return {};
                                             return each({.id = what.id, .is_in_flight = what.offset >= at.limit});
                                         });
            if (!scanned) return scanned;
        }
        scanned_ = true;
        return {};
    }

    result<offset_account> explain() override {
        if (!scanned_)
            if (auto counted = scan([](sighting const&) { return result<>{}; }); !counted) return counted.error();
        offset_account all;
        for (auto& part : partitions_) {
            if (part.early_gaps() + part.late_gaps() > 0)
                if (auto read = read_uncommitted(part); !read) return read.error();
            add_account(part, all);
        }
        return all;
    }

    result<> trace(trace_search& search) override {
        auto const now = cluster_.partitions(topic_);
        if (!now) return now.error();
        for (auto const& part : *now) {
            auto scanned = cluster_.scan(topic_, part.partition, part.begin, part.end,
                                         [&](kafka::kafka_message const& what) -> result<> {
                                             if (what.value && search.wants(what.id, *what.value))
                                                 search.add(what.id, step_of(what), *what.value);
                                             return {};
                                         });
            if (!scanned) return scanned;
        }
        return {};
    }

  private:
    trace_step step_of(kafka::kafka_message const& what) const {
        trace_step step{.kind = step_kind::input,
                        .what = "in the topic",
                        .time_ns = what.timestamp_ms * 1'000'000,
                        .facts = {{"partition", std::to_string(what.partition), true},
                                  {"offset", std::to_string(what.offset), true}}};
        for (auto const& [name, positions] : readers_) {
            auto const at = std::ranges::find(positions, what.partition, &kafka::kafka_group_position::partition);
            if (at == positions.end() || at->committed <= what.offset) step.waits.push_back(name);
        }
        if (readers_.empty()) step.waits.emplace_back("a first reader");
        return step;
    }

    using reader_map = std::map<std::int32_t, kafka::kafka_group_position>;

    /// Of each partition, the last of the positions of those groups that read this topic. None where nobody does.
    result<std::optional<reader_map>> find_readers() {
        std::optional<reader_map> all;
        readers_.clear();
        for (auto const& name : groups_) {
            auto const group = cluster_.group(name, topic_);
            if (!group && group.error().code == errc::not_found) continue;
            if (!group) return group.error();
            if (std::ranges::any_of(group->positions, [](auto const& each) { return each.committed >= 0; }))
                readers_.emplace_back(name, group->positions);
            for (auto const& each : group->positions) {
                if (each.committed < 0) continue;
                if (!all) all.emplace();
                auto const [known, first] = all->try_emplace(each.partition, each);
                if (!first && each.committed < known->second.committed) known->second = each;
            }
        }
        return all;
    }

    /// One that was added since snapshot() is in flight whole.
    audited_partition& audited(kafka::kafka_partition const& part) {
        auto const found = std::ranges::find(partitions_, part.partition,
                                             [](audited_partition const& each) { return each.facts.partition; });
        if (found != partitions_.end()) return *found;
        return partitions_.emplace_back(audited_partition{.facts = part, .reader = std::nullopt, .limit = part.begin});
    }

    /// What is seen uncommitted and was not seen committed was aborted.
    result<> read_uncommitted(audited_partition& part) {
        auto const cluster = uncommitted_();
        if (!cluster) return cluster.error();
        part.uncommitted_early = part.uncommitted_late = {};
        return (*cluster)->scan(topic_, part.facts.partition, part.facts.begin, part.limit,
                                [&](kafka::kafka_message const& what) -> result<> {
                                    part.add(part.uncommitted_early, part.uncommitted_late, what);
                                    return {};
                                });
    }

    static void add_account(audited_partition const& part, offset_account& to) {
        auto const gaps = part.early_gaps() + part.late_gaps();
        auto const seen = part.early.messages + part.late.messages;
        auto const seen_uncommitted = std::max(part.uncommitted_early.messages + part.uncommitted_late.messages, seen);
        auto const aborted = std::min(seen_uncommitted - seen, gaps);
        to.aborted += aborted;
        to.unwritten += gaps - aborted;
        to.tombstones += part.early.tombstones;
        to.gaps += part.early_gaps();
        if (!part.is_counted()) {
            to.tombstones += part.late.tombstones;
            to.gaps += part.late_gaps();
            return;
        }
        // What the group has counted was so when it read; compaction may have made more gaps since.
        auto const& counted = part.reader->passed;
        to.tombstones += counted.tombstones;
        to.gaps += counted.gaps;
        auto const possible =
            part.late_gaps() + part.late.tombstones + length(part.reader->counted_from, part.facts.begin);
        to.unexplained += counted.skipped() - std::min(counted.skipped(), possible);
    }

    kafka::kafka_admin& cluster_;
    uncommitted_reads const uncommitted_;
    std::string const topic_;
    std::vector<std::string> const groups_;
    std::vector<std::pair<std::string, std::vector<kafka::kafka_group_position>>> readers_;  // groups with a position
    std::vector<audited_partition> partitions_;                                              // as snapshot() found them
    bool scanned_ = false;
};

}  // namespace

std::unique_ptr<audited_endpoint> audit_kafka(kafka::kafka_admin& cluster, uncommitted_reads uncommitted,
                                              std::string topic, std::vector<std::string> groups) {
    return std::make_unique<kafka_endpoint>(cluster, std::move(uncommitted), std::move(topic), std::move(groups));
}

}  // namespace logpipe::audit
