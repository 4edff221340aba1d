#include "core/stage_health.hpp"
#include "kafka/kafka.hpp"
#include "kafka/kafka_letter.hpp"
#include "kafka_metrics.hpp"
#include "producer.hpp"
#include "producer_settings.hpp"
#include "sent_batches.hpp"
#include "topic_facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

namespace logpipe::kafka {

namespace {

using properties = std::vector<std::pair<std::string, std::string>>;

// librdkafka does not report what a broker rejects and it retries, as for too few in-sync replicas.
constexpr std::chrono::seconds stall_time{5};

/// Of a partition. librdkafka, where it is idempotent, has one request of a partition in flight at a time, and while
/// messages wait longer than the linger time for their turn its thread spins. So one request is sent and one is ready;
/// the rest waits here.
constexpr std::size_t waiting_bytes_max = 2 * request_bytes_max;

/// So much fills a request well.
constexpr std::size_t much_bytes = std::size_t{256} << 10U;

/// At least once by itself, exactly once by the ids: the idempotent producer does not duplicate what it retries, and
/// what a new client or a new process sends twice is a duplicate by its id where it is stored.
class kafka_sink final : public sink {
  public:
    explicit kafka_sink(kafka_sink_options options)
        : options_{std::move(options)},
          sent_{options_.queue_bytes_max},
          producer_{options_, sent_, [this](batch&& done) { report(std::move(done)); }} {}

    result<> open(completions& reports) override {
        reports_ = &reports;
        return health_.noted(open_topic());
    }

    result<> write(batch& events) override;
    /// What is little leaves within the linger time. What is much has no reason to linger; the source may be waiting
    /// for it, since what is not safe is bounded.
    result<> flush() override {
        if (sent_.bytes() >= much_bytes) producer_.hurry();
        return {};
    }
    result<std::optional<std::vector<progress>>> stored(std::string const&) override {
        return std::optional<std::vector<progress>>{};
    }
    void cancel() override {
        cancelled_ = true;
        sent_.cancel();
    }

    stage_status status() const override;

  private:
    [[nodiscard]] result<> open_topic();
    void report(batch&& done) { reports_.load()->done(std::move(done)); }

    error explained(error reason) const {
        if (reason.code == errc::not_found)
            reason.message += fmt::format(
                ": create it (kafka-topics.sh --create --topic {}), or let logpipe create it: without --no-create",
                options_.topic);
        return reason;
    }

    kafka_sink_options const options_;
    std::atomic<completions*> reports_{nullptr};
    std::atomic<bool> cancelled_{false};
    std::atomic<std::uint64_t> sent_bytes_{0};
    stage_health health_;  // of open(); the producer has its own
    sent_batches sent_;
    producer producer_;  // after the batches, which its messages point into
};

result<> kafka_sink::open_topic() {
    auto facts =
        find_topic(options_.connection, "kafka_sink",
                   {.name = options_.topic,
                    .create = options_.create,
                    .partitions = options_.partitions,
                    .replication = options_.replication,
                    .properties = options_.letters ? letter_topic_properties(options_.letters_keep) : properties{}},
                   cancelled_);
    if (!facts) return explained(facts.error());
    sent_.set_bytes_max(std::min(options_.queue_bytes_max, waiting_bytes_max * facts->partitions.size()));
    if (!producer_.started()) return producer_.start(facts->batch_bytes_max);
    // What is in flight stays so; the client reconnects by itself.
    producer_.cluster_responds();
    return {};
}

result<> kafka_sink::write(batch& events) {
    if (cancelled_) return error{errc::cancelled, "kafka: the sink was cancelled"};
    // More of it would fail as well; what is in flight is retried.
    if (auto const trouble = producer_.trouble()) {
        if (trouble->code == errc::unauthorized) return *trouble;
        if (trouble->code == errc::not_found) return error{errc::not_connected, trouble->message};
    }
    std::uint32_t messages = 0;
    std::size_t bytes = 0;
    for (auto const& row : events.events) {
        if (row.rejected) continue;
        ++messages;
        bytes += events.payload(row).size();
    }
    if (sent_.is_full()) producer_.hurry();
    auto const slot = sent_.begin_sending(events, messages, bytes);
    if (!slot) return slot.error();
    sent_bytes_ += bytes;
    producer_.send(*slot);
    return {};
}

stage_status kafka_sink::status() const {
    stage_status now;
    now.name = "kafka_sink";
    health_.describe(now);
    if (now.up) producer_.describe(now);
    auto const acknowledged = producer_.acknowledged_at();
    auto const stalled = std::chrono::steady_clock::now() - acknowledged;
    if (now.up && acknowledged != decltype(acknowledged){} && stalled >= options_.linger + stall_time) {
        now.up = false;
        now.reason = fmt::format(
            "kafka: topic {}: no acknowledgement for {} s, {} batches wait: slow brokers, or too few in-sync replicas",
            options_.topic, std::chrono::duration_cast<std::chrono::seconds>(stalled).count(), sent_.count());
        now.hint = hint_of(errc::timed_out);
    }
    now.retries = producer_.retried();
    now.metrics = {{metrics::in_flight_bytes, sent_.bytes()},
                   {metrics::in_flight_batches, sent_.count()},
                   {metrics::round_trip, producer_.round_trip_seconds()},
                   {metrics::sent_bytes, sent_bytes_},
                   {metrics::messages_retried, producer_.retried()},
                   {metrics::clients_recreated, producer_.recreated_count()}};
    return now;
}

}  // namespace

std::unique_ptr<sink> make_kafka_sink(kafka_sink_options options) {
    return std::make_unique<kafka_sink>(std::move(options));
}

}  // namespace logpipe::kafka
