#include "flight_table.hpp"
#include "kafka/kafka.hpp"
#include "kafka/kafka_letter.hpp"
#include "kafka_metrics.hpp"
#include "producer.hpp"
#include "producer_settings.hpp"
#include "topic_facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

namespace logpipe::kafka {

namespace {

using properties = std::vector<std::pair<std::string, std::string>>;

// librdkafka tells nobody what a broker refuses and it tries again, too few in-sync replicas for one.
constexpr std::chrono::seconds stall_time{5};

/// Of a partition. librdkafka, where it is idempotent, has one request of a partition under way at a time, and while
/// messages wait longer than the linger time for their turn its thread turns in circles. So one request goes and one
/// is ready; the rest waits with us.
constexpr std::size_t waiting_bytes_max = 2 * request_bytes_max;

/// So much fills a request well.
constexpr std::size_t much_bytes = std::size_t{256} << 10U;

/// At least once by itself, exactly once by the ids: the idempotent producer does not double what it sends again, and
/// what a new client or a new process repeats meets its id where it is stored.
class kafka_sink final : public sink {
  public:
    explicit kafka_sink(kafka_sink_options options)
        : options_{std::move(options)},
          flights_{options_.queue_bytes_max},
          producer_{options_, flights_, [this](batch&& done) { report(std::move(done)); }} {}

    result<> open(completions& reports) override {
        reports_ = &reports;
        auto facts =
            find_topic(options_.connection, "kafka_sink",
                       {.name = options_.topic,
                        .create = options_.create,
                        .partitions = options_.partitions,
                        .replication = options_.replication,
                        .properties = options_.letters ? letter_topic_properties(options_.letters_keep) : properties{}},
                       cancelled_);
        if (!facts) return explained(facts.error());
        flights_.bound(std::min(options_.queue_bytes_max, waiting_bytes_max * facts->partitions.size()));
        if (!producer_.started()) return producer_.start(facts->batch_bytes_max);
        // What is in flight stays so; the client finds the cluster by itself.
        producer_.cluster_works();
        return {};
    }

    result<> write(batch& events) override {
        if (cancelled_) return error{errc::cancelled, "kafka: the sink was cancelled"};
        // It does not get better by more of it; what is in flight is tried on.
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
        if (flights_.full()) producer_.hurry();
        auto const slot = flights_.board(events, messages, bytes);
        if (!slot) return slot.error();
        sent_bytes_ += bytes;
        producer_.send(*slot);
        return {};
    }
    /// What is little leaves within the linger time. What is much has no reason to linger; the source may be waiting
    /// for it, since what is not safe is bounded.
    result<> flush() override {
        if (flights_.bytes() >= much_bytes) producer_.hurry();
        return {};
    }
    result<std::optional<std::vector<progress>>> stored(std::string const&) override {
        return std::optional<std::vector<progress>>{};
    }
    void cancel() override {
        cancelled_ = true;
        flights_.cancel();
    }

    stage_status status() const override {
        stage_status now;
        now.name = "kafka_sink";
        if (auto const trouble = producer_.trouble()) {
            now.up = false;
            now.reason = trouble->message;
        } else if (auto const moved = producer_.moved_at(), now_at = std::chrono::steady_clock::now();
                   moved != decltype(moved){} && now_at - moved >= options_.linger + stall_time) {
            now.up = false;
            now.reason = fmt::format(
                "kafka: topic {}: nothing was acknowledged for {} s, {} batches wait: slow brokers, or too few in-sync "
                "replicas",
                options_.topic, std::chrono::duration_cast<std::chrono::seconds>(now_at - moved).count(),
                flights_.count());
        }
        now.retries = producer_.sent_again();
        now.metrics = {{metrics::in_flight_bytes, flights_.bytes()},
                       {metrics::in_flight_batches, flights_.count()},
                       {metrics::round_trip, producer_.round_trip_seconds()},
                       {metrics::sent_bytes, sent_bytes_},
                       {metrics::messages_retried, producer_.sent_again()},
                       {metrics::clients_recreated, producer_.made_anew_count()}};
        return now;
    }

  private:
    void report(batch&& done) { reports_.load()->done(std::move(done)); }

    error explained(error reason) const {
        if (reason.code == errc::not_found)
            reason.message += fmt::format(
                ": make it (kafka-topics.sh --create --topic {}), or let logpipe make it by leaving out --no-create",
                options_.topic);
        return reason;
    }

    kafka_sink_options const options_;
    std::atomic<completions*> reports_{nullptr};
    std::atomic<bool> cancelled_{false};
    std::atomic<std::uint64_t> sent_bytes_{0};
    flight_table flights_;
    producer producer_;  // after the flights, which its messages point into
};

}  // namespace

std::unique_ptr<sink> make_kafka_sink(kafka_sink_options options) {
    return std::make_unique<kafka_sink>(std::move(options));
}

}  // namespace logpipe::kafka
