// Dead letters in a compacted topic: the message's time decides what a tombstone settles, so a tombstone carries the
// time of the letter it settles.
#include "logpipe/letters.hpp"

namespace logpipe {

namespace {

class kafka_letters final : public letter_topic {
  public:
    kafka_letters(kafka_admin& cluster, std::string topic) : cluster_{cluster}, topic_{std::move(topic)} {}

    result<> scan(std::function<result<>(letter_entry const&)> const& each) override {
        auto const partitions = cluster_.partitions(topic_);
        if (!partitions) return partitions.error();
        for (auto const& part : *partitions) {
            auto scanned = cluster_.scan(topic_, part.partition, part.begin, part.end, [&](kafka_message const& from) {
                return each({.id = from.id,
                             .time_ms = from.timestamp_ms,
                             .tombstone = !from.value,
                             .text = from.value.value_or(std::string_view{})});
            });
            if (!scanned) return scanned;
        }
        return {};
    }

    /// What it was for is not kept: a message without a value has no place for it.
    result<> settle(std::span<letter_entry const> letters, std::string_view /*why*/) override {
        return send(letters, true);
    }
    result<> put_again(std::span<letter_entry const> letters) override { return send(letters, false); }

  private:
    result<> send(std::span<letter_entry const> letters, bool tombstones) {
        std::vector<kafka_admin::outgoing> messages;
        for (auto const& each : letters)
            messages.push_back({.key = kafka_key(each.id),
                                .value = tombstones ? std::nullopt : std::optional{std::string{each.text}},
                                .timestamp_ms = each.time_ms});
        return cluster_.send(topic_, messages);
    }

    kafka_admin& cluster_;
    std::string const topic_;
};

}  // namespace

std::unique_ptr<letter_topic> make_kafka_letters(kafka_admin& cluster, std::string topic) {
    return std::make_unique<kafka_letters>(cluster, std::move(topic));
}

letter_input make_kafka_input(kafka_admin& cluster, std::string topic) {
    return [&cluster, topic = std::move(topic)](std::span<dead_letter const> letters) {
        std::vector<kafka_admin::outgoing> messages;
        for (auto const& each : letters)
            messages.push_back(
                {.key = kafka_event_key(
                     {.id = each.id, .received_ns = each.received_ns, .time_ns = each.event_time_ns, .tag = each.tag}),
                 .value = each.record,
                 .timestamp_ms = each.received_ns / 1'000'000});
        return cluster.send(topic, messages);
    };
}

}  // namespace logpipe
