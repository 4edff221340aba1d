// The sink's librdkafka client: hands messages over, hears what became of each, sends again what can still be
// delivered, and makes the client anew after an error that it does not get over.
#pragma once

#include "client_events.hpp"
#include "flight_table.hpp"
#include "kafka/kafka.hpp"
#include "kafka_settings.hpp"

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace logpipe::kafka {

/// send(), hurry() and the gauges from any thread; all else on the thread `kafka-reports`, which lives from start() to
/// the end.
class producer final : private client_events {
  public:
    /// @param landed  gets each batch that is done, on whatever thread finds that out
    producer(kafka_sink_options const& options, flight_table& flights, std::function<void(batch&&)> landed);
    ~producer() override;

    /// @param batch_bytes_max  what the topic takes at once; 0: not known
    [[nodiscard]] result<> start(std::int64_t batch_bytes_max);
    [[nodiscard]] bool started() const noexcept { return reports_.joinable(); }
    /// All events of a slot that are not rejected. Waits where that is more than there is room for.
    void send(std::uint32_t slot);
    /// Somebody waits for what was sent: where nothing moves by itself, it leaves now, not after the linger time.
    void hurry();

    [[nodiscard]] std::optional<error> trouble() const { return client_events::trouble(); }
    /// Somebody has asked the cluster, and it answers.
    void cluster_works() { works(); }
    /// When a message was acknowledged, or none waited for it, the last time.
    [[nodiscard]] std::chrono::steady_clock::time_point moved_at() const noexcept { return moved_at_; }
    [[nodiscard]] double round_trip_seconds() const noexcept { return client_events::round_trip_seconds(); }
    [[nodiscard]] std::uint64_t sent_again() const noexcept { return sent_again_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t made_anew_count() const noexcept { return made_anew_.load(std::memory_order_relaxed); }

  private:
    using tags = std::vector<message_tag>;

    [[nodiscard]] result<client_handle> make_handle();
    [[nodiscard]] bool make_topic();
    [[nodiscard]] std::uint32_t send_portion(std::uint32_t slot, std::uint32_t begin, std::uint32_t end);
    [[nodiscard]] rd_kafka_resp_err_t produce(message_tag tag);
    [[nodiscard]] rd_kafka_resp_err_t produce_letter(message_tag tag, std::string_view frame, std::int64_t time_ns);
    [[nodiscard]] static std::int32_t choose_partition(rd_kafka_topic_t const* topic, void const* key,
                                                       std::size_t key_bytes, std::int32_t partition_count, void* table,
                                                       void* message);

    void delivered(rd_kafka_message_t const& message) noexcept override;
    void failed(message_tag tag, rd_kafka_resp_err_t reason);
    void end_run();
    void land(std::uint32_t slot, std::uint32_t count);

    void run();
    void serve();
    void send_again();
    void send_in_parts();
    void poll_until_idle();
    void make_anew();

    kafka_sink_options const options_;
    flight_table& flights_;
    std::function<void(batch&&)> const landed_;
    std::vector<kafka_property> settings_;

    mutable std::shared_mutex handle_mutex_;  // guards which client it is: shared to send, alone to make it anew
    client_handle client_;
    topic_handle topic_;

    std::atomic<bool> hurried_{false};

    std::mutex failed_mutex_;  // guards failed_at_once_
    tags failed_at_once_;

    // The reports' thread.
    tags again_;
    std::chrono::steady_clock::time_point again_at_;
    std::chrono::milliseconds again_wait_;
    std::deque<tags> parts_;  // sets of which the broker would not take the whole
    tags too_large_;
    std::string too_large_why_;
    std::uint32_t run_slot_ = 0;  // reports of one batch come in runs: one subtraction each
    std::uint32_t run_count_ = 0;

    std::atomic<std::chrono::steady_clock::time_point> moved_at_{};
    std::atomic<std::uint64_t> sent_again_{0};
    std::atomic<std::uint64_t> made_anew_{0};
    std::atomic<bool> stopping_{false};
    std::jthread reports_;
};

}  // namespace logpipe::kafka
