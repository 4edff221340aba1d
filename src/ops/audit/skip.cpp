#include "audit/skip.hpp"

#include "core/clock.hpp"
#include "journal/journal.hpp"
#include "logpipe/dead_letter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

namespace logpipe::audit {

namespace {

constexpr std::size_t portion_bytes_max = std::size_t{4} << 20U;

class position_in_topic final : public group_position {
  public:
    position_in_topic(kafka::kafka_admin& cluster, std::string topic, std::string group)
        : cluster_{cluster}, topic_{std::move(topic)}, group_{std::move(group)} {}

    result<offsets> snapshot(std::int32_t partition) override {
        auto const partitions = cluster_.partitions(topic_);
        if (!partitions) return partitions.error();
        auto const found = std::ranges::find(*partitions, partition, &kafka::kafka_partition::partition);
        if (found == partitions->end())
            return error{errc::not_found,
                         fmt::format("{} has no partition {}: it has {}", topic_, partition, partitions->size())};
        auto const group = cluster_.group(group_, topic_);
        if (!group) return group.error();
        auto const at = std::ranges::find(group->positions, partition, &kafka::kafka_group_position::partition);
        auto const committed = at == group->positions.end() ? -1 : at->committed;
        return offsets{.position = static_cast<std::uint64_t>(std::max(committed, found->begin)),
                       .end = static_cast<std::uint64_t>(found->end)};
    }

    result<> scan(std::int32_t partition, std::uint64_t begin, std::uint64_t end,
                  std::function<result<>(dead_letter&&)> const& each) override {
        return cluster_.scan(
            topic_, partition, static_cast<std::int64_t>(begin), static_cast<std::int64_t>(end),
            [&](kafka::kafka_message const& message) -> result<> {
                if (!message.value) return {};
                return each({.id = message.id,
                             .stage = {},
                             .reason = {},
                             .origin = fmt::format("kafka {} {} offset {}", topic_, partition, message.offset),
                             .tag = std::string{message.tag},
                             .time_ns = 0,
                             .event_time_ns = message.time_ns,
                             .received_ns = message.received_ns,
                             .record = std::string{*message.value}});
            });
    }

    result<> move(std::int32_t partition, std::uint64_t /*from*/, std::uint64_t to, std::uint64_t /*events*/) override {
        return cluster_.move_group(group_, topic_, {{partition, static_cast<std::int64_t>(to)}});
    }

  private:
    kafka::kafka_admin& cluster_;
    std::string const topic_;
    std::string const group_;
};

/// The position that a store keeps beside its documents. One thread.
class stored_position final : private completions {
  public:
    explicit stored_position(std::unique_ptr<sink> store) : store_{std::move(store)} {}

    /// @return none where the store has not got any of this source
    result<std::optional<std::uint64_t>> snapshot(std::string const& identity) {
        if (auto opened = store_->open(*this); !opened) return opened.error();
        auto const all = store_->stored(identity);
        if (!all) return all.error();
        for (auto const& each : all->value_or(std::vector<progress>{}))
            if (each.safe.partition == 0) return std::optional{each.safe.offset};
        return std::optional<std::uint64_t>{};
    }

    /// After snapshot(). As a batch all of whose events were rejected and are durable dead letters.
    result<> move(std::uint64_t to, std::uint64_t events) {
        batch none;
        none.end_offset = to;
        none.counts = {.in = events, .indexed = 0, .duplicates = 0, .dead = events};
        if (auto written = store_->write(none); !written) return written;
        return store_->make_safe();
    }

  private:
    void done(batch&& /*finished*/) override {}

    std::unique_ptr<sink> store_;
};

class position_in_journal final : public group_position {
  public:
    position_in_journal(std::string folder, std::string group, std::unique_ptr<sink> store)
        : folder_{std::move(folder)}, group_{std::move(group)} {
        if (store) store_.emplace(std::move(store));
    }

    result<offsets> snapshot(std::int32_t partition) override {
        if (partition != 0) return error{errc::not_found, fmt::format("{}: a journal has partition 0 only", folder_)};
        auto const info = journal::inspect_journal(folder_);
        if (!info) return info.error();
        auto const at = std::ranges::find(info->cursors, group_, &journal::journal_cursor_info::group);
        if (at == info->cursors.end())
            return error{errc::not_found, fmt::format("{} has no group \"{}\"", folder_, group_)};
        std::uint64_t end = at->offset;
        for (auto const& segment : info->segments) end = std::max(end, segment.end_offset);
        auto const stored = open_store();
        if (!stored) return stored.error();
        in_store_ = stored->has_value();
        return offsets{.position = stored->value_or(at->offset), .end = end};
    }

    result<> scan(std::int32_t /*partition*/, std::uint64_t begin, std::uint64_t end,
                  std::function<result<>(dead_letter&&)> const& each) override {
        auto const topic = std::filesystem::path{folder_}.filename().string();
        return journal::export_journal(folder_, [&](batch const& events) -> result<> {
            for (auto const& row : events.events) {
                if (row.offset < begin || row.offset >= end) continue;
                auto given = each({.id = row.id,
                                   .stage = {},
                                   .reason = {},
                                   .origin = fmt::format("journal {} offset {}", topic, row.offset),
                                   .tag = events.tags[row.tag],
                                   .time_ns = 0,
                                   .event_time_ns = row.time_ns,
                                   .received_ns = row.received_ns,
                                   .record = std::string{events.record(row)}});
                if (!given) return given;
            }
            return {};
        });
    }

    result<> move(std::int32_t /*partition*/, std::uint64_t from, std::uint64_t to, std::uint64_t events) override {
        if (in_store_) return store_->move(to, events);  // the cursor follows when somebody reads on
        return journal::move_journal_group(folder_, group_, from, to,
                                           {.in = events, .indexed = 0, .duplicates = 0, .dead = events});
    }

  private:
    result<std::optional<std::uint64_t>> open_store() {
        if (!store_) return std::optional<std::uint64_t>{};
        // It also tells whether anybody reads for the group.
        auto const reader = journal::make_journal_source({.folder = folder_, .group = group_});
        if (auto opened = reader->open(); !opened) return opened.error();
        return store_->snapshot(reader->identity());
    }

    std::string const folder_;
    std::string const group_;
    std::optional<stored_position> store_;
    bool in_store_ = false;  // the position that snapshot() found
};

/// Letters in flight to their destination, in portions.
class letter_portions final {
  public:
    explicit letter_portions(dead_letters& to) : to_{to} {}

    result<> add(dead_letter&& letter) {
        bytes_ += bytes_of(letter);
        letters_.push_back(std::move(letter));
        return bytes_ >= portion_bytes_max ? finish() : result<>{};
    }
    result<> finish() {
        if (letters_.empty()) return {};
        auto put = to_.put(letters_);
        letters_.clear();
        bytes_ = 0;
        return put;
    }

  private:
    dead_letters& to_;
    std::vector<dead_letter> letters_;
    std::size_t bytes_ = 0;
};

}  // namespace

std::unique_ptr<group_position> make_kafka_group(kafka::kafka_admin& cluster, std::string topic, std::string group) {
    return std::make_unique<position_in_topic>(cluster, std::move(topic), std::move(group));
}

std::unique_ptr<group_position> make_journal_group(std::string folder, std::string group, std::unique_ptr<sink> store) {
    return std::make_unique<position_in_journal>(std::move(folder), std::move(group), std::move(store));
}

result<skip_plan> plan_skip(group_position& endpoint, std::int32_t partition, std::uint64_t offset) {
    auto const at = endpoint.snapshot(partition);
    if (!at) return at.error();
    if (offset < at->position)
        return error{errc::invalid_argument,
                     fmt::format("the group has passed offset {}: it is at {}", offset, at->position)};
    if (offset >= at->end)
        return error{errc::invalid_argument,
                     fmt::format("offset {} does not exist yet: the partition ends at {}", offset, at->end)};
    skip_plan plan{.partition = partition, .from = at->position, .to = offset + 1, .events = 0};
    auto scanned = endpoint.scan(partition, plan.from, plan.to, [&](dead_letter&&) -> result<> {
        ++plan.events;
        return {};
    });
    if (!scanned) return scanned.error();
    return plan;
}

result<> skip(group_position& endpoint, skip_plan const& plan, dead_letters& letters) {
    letter_portions out{letters};
    std::uint64_t events = 0;
    auto scanned = endpoint.scan(plan.partition, plan.from, plan.to, [&](dead_letter&& letter) {
        letter.stage = "operator";
        letter.reason = "skipped by operator";
        letter.time_ns = now_ns();
        ++events;
        return out.add(std::move(letter));
    });
    if (!scanned) return scanned;
    if (auto put = out.finish(); !put) return put;
    return endpoint.move(plan.partition, plan.from, plan.to, events);
}

}  // namespace logpipe::audit
