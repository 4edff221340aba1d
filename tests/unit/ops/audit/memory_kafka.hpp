// A cluster in memory: what the audit needs of one. Topics that a test did not make are unknown.
#pragma once

#include "kafka/kafka_admin.hpp"
#include "kafka/kafka_letter.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace logpipe::test {

using namespace audit;
using namespace kafka;

class memory_kafka final : public kafka::kafka_admin {
  public:
    struct message {
        std::int64_t timestamp_ms = 0;
        std::string key;
        std::optional<std::string> value;
        enum class seen : std::uint8_t { committed, uncommitted, never };
        seen by = seen::committed;
        std::vector<std::pair<std::string, std::string>> headers;
        [[nodiscard]] std::string_view header(std::string_view name) const {
            auto const found = std::ranges::find(headers, name, &std::pair<std::string, std::string>::first);
            return found == headers.end() ? std::string_view{} : std::string_view{found->second};
        }
    };
    struct topic {
        std::vector<std::vector<message>> partitions;
        std::int64_t expired = 0;  ///< the first so many of partition 0
    };
    bool shows_uncommitted = false;
    std::map<std::string, topic> topics;
    std::map<std::string, kafka::kafka_group> groups;
    std::vector<std::pair<std::int32_t, std::int64_t>> moved;
    std::function<void(std::string const& topic)> before_send;  ///< what others do meanwhile

    result<kafka::kafka_cluster> cluster() override { return kafka::kafka_cluster{}; }

    result<std::vector<kafka::kafka_partition>> partitions(std::string const& name) override {
        auto const found = topics.find(name);
        if (found == topics.end()) return error{errc::not_found, name + ": unknown topic"};
        std::vector<kafka::kafka_partition> all;
        for (auto const& each : found->second.partitions)
            all.push_back({.partition = static_cast<std::int32_t>(all.size()),
                           .begin = all.empty() ? found->second.expired : 0,
                           .end = static_cast<std::int64_t>(each.size())});
        return all;
    }

    result<kafka::kafka_group> group(std::string const& name, std::string const& /*topic*/) override {
        auto const found = groups.find(name);
        if (found == groups.end()) return error{errc::not_found, name + ": unknown group"};
        return found->second;
    }

    result<std::vector<kafka::kafka_partition>> offsets_at(std::string const& name,
                                                           std::int64_t timestamp_ms) override {
        auto all = partitions(name);
        if (!all) return all;
        for (auto& part : *all) {
            auto const& messages = topics[name].partitions[static_cast<std::size_t>(part.partition)];
            auto const at =
                std::ranges::find_if(messages, [&](auto const& m) { return m.timestamp_ms >= timestamp_ms; });
            part.begin = at - messages.begin();
        }
        return all;
    }

    result<> move_group(std::string const& /*name*/, std::string const& /*topic*/,
                        std::vector<std::pair<std::int32_t, std::int64_t>> const& offsets) override {
        moved = offsets;
        return {};
    }

    result<> scan(std::string const& name, std::int32_t partition, std::int64_t begin, std::int64_t end,
                  std::function<result<>(kafka::kafka_message const&)> const& each) override {
        for (auto offset = begin; offset < end; ++offset) {
            // A copy: `each` may send to this very topic.
            auto const what =
                topics[name].partitions[static_cast<std::size_t>(partition)][static_cast<std::size_t>(offset)];
            if (what.by == message::seen::never || (what.by == message::seen::uncommitted && !shows_uncommitted))
                continue;
            kafka::kafka_message const handled{
                .partition = partition,
                .offset = offset,
                .timestamp_ms = what.timestamp_ms,
                .key = what.key,
                .value = what.value ? std::optional<std::string_view>{*what.value} : std::nullopt,
                .id = kafka::id_in_letter_key(what.key),
                .header = [&what](char const* wanted) { return what.header(wanted); }};
            if (auto stopped = each(handled); !stopped) return stopped;
        }
        return {};
    }

    result<> send(std::string const& name, std::vector<outgoing> const& messages) override {
        if (before_send) before_send(name);
        for (auto const& each : messages) add(name, each.key, each.value, each.timestamp_ms, each.headers);
        return {};
    }

    void add(std::string const& name, std::string key, std::optional<std::string> value, std::int64_t timestamp_ms,
             std::vector<std::pair<std::string, std::string>> headers = {}) {
        auto& into = topics[name];
        if (into.partitions.empty()) into.partitions.emplace_back();
        into.partitions[0].push_back({.timestamp_ms = timestamp_ms,
                                      .key = std::move(key),
                                      .value = std::move(value),
                                      .headers = std::move(headers)});
    }
};

}  // namespace logpipe::test
