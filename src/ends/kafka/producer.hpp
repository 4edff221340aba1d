// The sink's librdkafka client: sends messages, takes their delivery reports, retries what can still be delivered, and
// recreates the client after an error that it does not recover from.
#pragma once

#include "client_events.hpp"
#include "core/mutex.hpp"
#include "core/retry_loop.hpp"
#include "kafka/kafka.hpp"
#include "kafka_settings.hpp"
#include "message_writer.hpp"
#include "sent_batches.hpp"

#include <atomic>
#include <chrono>
#include <deque>
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
    [[nodiscard]] std::chrono::steady_clock::time_point acknowledged_at() const noexcept { return acknowledged_at_; }
    [[nodiscard]] double round_trip_seconds() const noexcept { return client_events::round_trip_seconds(); }
    [[nodiscard]] std::uint64_t retried() const noexcept { return retried_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t recreated_count() const noexcept { return recreated_.load(std::memory_order_relaxed); }

  private:
    using tags = std::vector<message_tag>;

    [[nodiscard]] result<client_handle> make_handle();
    [[nodiscard]] std::uint32_t send_portion(std::uint32_t slot, std::uint32_t begin, std::uint32_t end);

    void delivered(rd_kafka_message_t const& message) noexcept override;
    void failed(message_tag tag, rd_kafka_resp_err_t reason);
    void end_run();
    void acknowledge(std::uint32_t slot, std::uint32_t count);

    void run();
    void serve();
    void retry();
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

    mutex failed_mutex_;
    tags failed_at_once_ LOGPIPE_GUARDED_BY(failed_mutex_);

    // The reports' thread.
    rd_kafka_t* polled_ = nullptr;  // client_, which only this thread recreates
    tags failed_;
    retry_loop retrying_;
    bool is_backing_off_ = false;
    std::deque<tags> parts_;  // sets that the broker rejected as a whole
    tags too_large_;
    std::string too_large_reason_;
    std::uint32_t run_slot_ = 0;  // reports of one batch come in runs: one subtraction each
    std::uint32_t run_count_ = 0;

    std::atomic<std::chrono::steady_clock::time_point> acknowledged_at_{};
    std::atomic<std::uint64_t> retried_{0};
    std::atomic<std::uint64_t> recreated_{0};
    std::atomic<bool> stopping_{false};
    std::jthread reports_;
};

}  // namespace logpipe::kafka
