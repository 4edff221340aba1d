// The sink's librdkafka client: sends messages, takes their delivery reports, retries what can still be delivered, and
// recreates the client after an error that it does not recover from.
#pragma once

#include "client_events.hpp"
#include "core/mutex.hpp"
#include "failed_messages.hpp"
#include "kafka/kafka.hpp"
#include "kafka_settings.hpp"
#include "message_writer.hpp"
#include "rejected_sets.hpp"
#include "sent_batches.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace logpipe::kafka {

/// send(), hurry() and the gauges from any thread; all else on the thread `kafka-reports`, which lives from start() to
/// the end.
class producer final : private client_events {
  public:
    /// @param done  gets each batch that is done, on the thread that finds that out
    producer(kafka_sink_options const& options, sent_batches& sent, std::function<void(batch&&)> done);
    ~producer() override;

    /// @param batch_bytes_max  what the topic takes at once; 0: not known
    [[nodiscard]] result<> start(std::int64_t batch_bytes_max);
    [[nodiscard]] bool started() const noexcept { return reports_.joinable(); }
    /// All events of a slot that are not rejected. Waits where that is more than there is room for.
    void send(std::uint32_t slot);
    /// The caller waits for what was sent: where nothing moves by itself, it leaves now, not after the linger time.
    void hurry();

    [[nodiscard]] std::optional<error> trouble() const { return client_events::trouble(); }
    void describe(stage_status& into) const { client_events::describe(into); }
    /// The cluster has responded to another client of this sink.
    void cluster_responds() { recovered(); }
    /// When a message was acknowledged, or none waited for it, the last time.
    [[nodiscard]] std::chrono::steady_clock::time_point acknowledged_at() const noexcept {
        return figures_.acknowledged_at;
    }
    [[nodiscard]] double round_trip_seconds() const noexcept { return client_events::round_trip_seconds(); }
    [[nodiscard]] std::uint64_t retried() const noexcept { return figures_.retried.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t recreated_count() const noexcept {
        return figures_.recreated.load(std::memory_order_relaxed);
    }

  private:
    /// Reports of one batch come in runs: one subtraction each.
    struct report_run {
        std::uint32_t slot = 0;
        std::uint32_t count = 0;
    };
    struct producer_figures {
        std::atomic<std::chrono::steady_clock::time_point> acknowledged_at{};
        std::atomic<std::uint64_t> retried{0};
        std::atomic<std::uint64_t> recreated{0};
    };

    [[nodiscard]] result<client_handle> make_handle();
    [[nodiscard]] std::uint32_t send_portion(std::uint32_t slot, std::uint32_t begin, std::uint32_t end);

    void delivered(rd_kafka_message_t const& message) noexcept override;
    void failed(message_tag tag, rd_kafka_resp_err_t reason);
    void end_run();
    void acknowledge(std::uint32_t slot, std::uint32_t count);

    void run();
    void serve();
    void retry();
    void send_again(std::vector<message_tag> const& tags);
    void send_in_parts();
    void poll_until_idle();
    void recreate();

    kafka_sink_options const options_;
    sent_batches& sent_;
    std::function<void(batch&&)> const done_;
    std::vector<kafka_property> settings_;

    mutex client_mutex_;  // held to send a portion, and to recreate the client
    client_handle client_ LOGPIPE_GUARDED_BY(client_mutex_);
    message_writer messages_ LOGPIPE_GUARDED_BY(client_mutex_);

    std::atomic<bool> hurried_{false};

    failed_messages failed_;

    // The reports' thread.
    rd_kafka_t* polled_ = nullptr;  // client_, which only this thread recreates
    rejected_sets rejected_;
    report_run run_;

    producer_figures figures_;
    std::atomic<bool> stopping_{false};
    std::jthread reports_;
};

}  // namespace logpipe::kafka
