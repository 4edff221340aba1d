// Dead letters in a compacted topic: the message's time decides what a tombstone resolves, so a tombstone carries the
// time of the letter it resolves.
#include "audit/letters.hpp"
#include "codec/dead_letter_json.hpp"
#include "kafka/kafka_letter.hpp"

namespace logpipe::audit {

namespace {

class kafka_letters final : public letter_topic {
  public:
    kafka_letters(kafka::kafka_admin& cluster, std::string topic) : cluster_{cluster}, topic_{std::move(topic)} {}

    result<> scan(std::function<result<>(letter_entry const&)> const& each) override {
        auto const partitions = cluster_.partitions(topic_);
        if (!partitions) return partitions.error();
        for (auto const& part : *partitions) {
            auto scanned = cluster_.scan(topic_, part.partition, part.begin, part.end,
                                         [&](kafka::kafka_message const& from) { return each(entry_of(from)); });
            if (!scanned) return scanned;
        }
        return {};
    }

    /// What it was for is not kept: a message without a value has no place for it.
    result<> resolve(std::span<resolved_letter const> letters, std::string_view /*why*/) override {
        std::vector<kafka::kafka_admin::outgoing> messages;
        auto const add = [&](resolved_letter const& letter, letter_part part) {
            messages.push_back({.key = kafka::kafka_letter_key(letter.id, part),
                                .value = std::nullopt,
                                .timestamp_ms = letter.time_ms});
        };
        for (auto const& each : letters) {
            add(each, {});
            for (std::uint32_t i = 0; each.parts_max > 1 && i < each.parts_max; ++i)
                add(each, {.index = i, .count = each.parts_max});
        }
        return cluster_.send(topic_, messages);
    }

    result<> rewrite(std::span<letter_entry const> letters) override {
        std::vector<kafka::kafka_admin::outgoing> messages;
        for (auto const& each : letters) {
            auto view = view_of(*each.letter);
            view.part = each.part;
            messages.push_back(kafka::kafka_letter(view, each.time_ms));
        }
        return cluster_.send(topic_, messages);
    }

    result<freed_space> free(std::function<bool(letter_entry const&)> const& /*is_needed*/) override {
        return freed_space{};
    }

  private:
    static letter_entry entry_of(kafka::kafka_message const& from) {
        letter_entry entry{.id = kafka::id_in_letter_key(from.key),
                           .time_ms = from.timestamp_ms,
                           .tombstone = !from.value,
                           .attempts = 0,
                           .letter = {},
                           .part = {}};
        if (!entry.id) entry.id = from.id;
        if (!from.value) return entry;
        if (auto const letter = kafka::read_kafka_letter(from)) {
            entry.letter = copy_of(*letter);
            entry.part = letter->part;
        } else if (!kafka::is_kafka_letter(from)) {
            // In JSON, as logpipe wrote them before.
            if (auto read = codec::parse_dead_letter(*from.value)) entry.letter = *std::move(read);
            if (entry.letter) entry.letter->id = entry.id;
        }
        return entry;
    }

    kafka::kafka_admin& cluster_;
    std::string const topic_;
};

}  // namespace

std::unique_ptr<letter_topic> make_kafka_letters(kafka::kafka_admin& cluster, std::string topic) {
    return std::make_unique<kafka_letters>(cluster, std::move(topic));
}

letter_input make_kafka_input(kafka::kafka_admin& cluster, std::string topic) {
    return [&cluster, topic = std::move(topic)](std::span<dead_letter const> letters) {
        std::vector<kafka::kafka_admin::outgoing> messages;
        for (auto const& each : letters)
            messages.push_back(
                {.key = kafka::kafka_event_key(
                     {.id = each.id, .received_ns = each.received_ns, .time_ns = each.event_time_ns, .tag = each.tag}),
                 .value = each.record,
                 .timestamp_ms = each.received_ns / 1'000'000});
        return cluster.send(topic, messages);
    };
}

}  // namespace logpipe::audit
