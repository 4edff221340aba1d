#include "producer.hpp"

#include "core/assert.hpp"
#include "core/clean_text.hpp"
#include "core/thread.hpp"
#include "producer_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace logpipe::kafka {

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr int report_wait_ms = 10;
constexpr int flush_slice_ms = 5;
/// Messages are sent in portions of this, so that a batch of any size does not fill librdkafka's queue.
constexpr std::size_t portion_bytes = std::size_t{128} << 10U;

/// The broker rejects all of a set for one of its messages.
bool is_rejection(rd_kafka_resp_err_t code) noexcept {
    switch (code) {
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
        case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
        case RD_KAFKA_RESP_ERR_INVALID_MSG:
        case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
        case RD_KAFKA_RESP_ERR_INVALID_RECORD:
        case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
            return true;
        default:
            return false;
    }
}

}  // namespace

producer::producer(kafka_sink_options const& options, sent_batches& sent, std::function<void(batch&&)> done)
    : client_events{"kafka_sink"}, options_{options}, sent_{sent}, done_{std::move(done)}, messages_{options_, sent} {}

producer::~producer() {
    stopping_ = true;
    if (reports_.joinable()) reports_.join();
    // What is still in flight is abandoned, but its memory may be read until the client is gone.
    messages_.close();
    client_.reset();
}

result<> producer::start(std::int64_t batch_bytes_max) {
    settings_ = producer_settings(options_, batch_bytes_max);
    auto made = make_handle();
    if (!made) return made.error();
    mutex_lock lock{client_mutex_};
    client_ = *std::move(made);
    polled_ = client_.get();
    if (!messages_.open(client_.get()))
        return kafka_error(rd_kafka_last_error(), fmt::format("topic {}", options_.topic));
    figures_.acknowledged_at = steady_clock::now();
    reports_ = start_thread("kafka-reports", [this] { run(); });
    return {};
}

result<client_handle> producer::make_handle() {
    return make_client(client_kind::producer, options_.connection, settings_, *this);
}

void producer::send(std::uint32_t slot) {
    auto const& events = sent_.at(slot).events;
    auto const count = static_cast<std::uint32_t>(events.events.size());
    for (std::uint32_t begin = 0, end = 0; begin < count; begin = end) {
        std::size_t bytes = 0;
        for (; end < count && bytes < portion_bytes; ++end)
            if (auto const& row = events.events[end]; !row.rejected) bytes += events.payload(row).size();
        if (sent_.is_full()) hurry();
        if (!sent_.add_bytes(slot, bytes)) return;
        if (auto const rejected = send_portion(slot, begin, end); rejected > 0) acknowledge(slot, rejected);
    }
    if (auto done = sent_.end_sending(slot)) done_(*std::move(done));
}

/// @return how many librdkafka rejects
std::uint32_t producer::send_portion(std::uint32_t slot, std::uint32_t begin, std::uint32_t end) {
    auto const& events = sent_.at(slot).events.events;
    std::uint32_t rejected = 0;
    mutex_lock lock{client_mutex_};
    for (auto i = begin; i < end; ++i) {
        if (events[i].rejected) continue;
        auto const tag = tag_of(slot, i);
        auto const code = messages_.produce(tag);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) [[likely]]
            continue;
        if (is_rejection(code)) {
            sent_.reject(tag, fmt::format("{} bytes: {}", events[i].record_bytes, rd_kafka_err2str(code)));
            ++rejected;
        } else {
            note_failure(kafka_error(code, fmt::format("writing to topic {}", options_.topic)));
            failed_.add(tag);
        }
    }
    return rejected;
}

void producer::hurry() {
    if (hurried_.exchange(true)) return;
    mutex_lock lock{client_mutex_};
    queue_handle const reports{rd_kafka_queue_get_main(client_.get())};
    rd_kafka_queue_yield(reports.get());  // wakes serve()
}

void producer::acknowledge(std::uint32_t slot, std::uint32_t count) {
    if (auto done = sent_.acknowledge(slot, count)) done_(*std::move(done));
}

// --- The reports' thread.

void producer::delivered(rd_kafka_message_t const& message) noexcept {
    message_tag const tag{reinterpret_cast<std::uint64_t>(message._private)};
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) [[unlikely]] {
        failed(tag, message.err);
        return;
    }
    auto const slot = slot_of(tag);
    if (slot != run_.slot) end_run();
    run_.slot = slot;
    ++run_.count;
}

void producer::end_run() {
    if (run_.count == 0) return;
    recovered();
    figures_.acknowledged_at = steady_clock::now();
    failed_.one_delivered();
    acknowledge(run_.slot, std::exchange(run_.count, 0));
}

void producer::failed(message_tag tag, rd_kafka_resp_err_t reason) {
    if (is_rejection(reason)) {
        rejected_.add(tag, rd_kafka_err2str(reason));
        return;
    }
    failed_.add(tag);
    if (reason == RD_KAFKA_RESP_ERR__PURGE_QUEUE || reason == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT ||
        reason == RD_KAFKA_RESP_ERR__FATAL || fatal())
        return;  // the client is being recreated, and the reason is known
    note_failure(kafka_error(reason, fmt::format("writing to topic {}", options_.topic)));
}

void producer::run() {
    while (!stopping_) {
        serve();
        if (fatal()) recreate();
        rejected_.close_set();
        if (!rejected_.empty()) send_in_parts();
        retry();
        if (rd_kafka_outq_len(polled_) == 0 && failed_.count() == 0) figures_.acknowledged_at = steady_clock::now();
    }
}

/// Waits for reports and handles them.
void producer::serve() {
    if (hurried_) {
        // While rd_kafka_flush() lasts, the linger time is 0, and librdkafka's thread spins until the broker responds.
        // So it is called only where nothing moves by itself, and lasts a moment.
        if (rd_kafka_poll(polled_, report_wait_ms) == 0) rd_kafka_flush(polled_, flush_slice_ms);
        hurried_ = false;  // before the length is read: what is sent after it hurries once more
        if (rd_kafka_outq_len(polled_) > 0) hurried_ = true;
    } else {
        rd_kafka_poll(polled_, 100);
    }
    end_run();
}

void producer::retry() {
    auto const due = failed_.take_due(steady_clock::now());
    if (!due.empty()) send_again(due);
}

void producer::send_again(std::vector<message_tag> const& tags) {
    figures_.retried += tags.size();
    mutex_lock lock{client_mutex_};
    for (auto const tag : tags)
        if (auto const code = messages_.produce(tag); code != RD_KAFKA_RESP_ERR_NO_ERROR) failed(tag, code);
}

void producer::send_in_parts() {
    sent_.pause(true);
    poll_until_idle();
    while (!rejected_.empty() && !stopping_ && !fatal()) {
        auto const set = rejected_.take_set();
        send_again(set);
        poll_until_idle();
        if (!rejected_.found_in(set)) continue;
        auto const& row = sent_.at(set.front()).events.events[event_of(set.front())];
        sent_.reject(set.front(), fmt::format("{} bytes: {}", row.record_bytes, rejected_.reason()));
        acknowledge(slot_of(set.front()), 1);
    }
    sent_.pause(false);
}

void producer::poll_until_idle() {
    while (rd_kafka_outq_len(polled_) > 0 && !stopping_ && !fatal()) {
        rd_kafka_poll(polled_, 100);
        end_run();
    }
}

/// After a fatal error of the idempotent producer: its numbering of the messages is lost. What was not reported is sent
/// once more; what was stored without a report is a duplicate by its id.
void producer::recreate() {
    mutex_lock lock{client_mutex_};
    rd_kafka_purge(polled_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    while (rd_kafka_outq_len(polled_) > 0 && !stopping_) {
        rd_kafka_poll(polled_, 100);
        end_run();
    }
    if (stopping_) return;
    messages_.close();
    client_.reset();
    auto made = make_handle();
    LOGPIPE_ASSERT(made.has_value());  // the same settings have made one before
    client_ = *std::move(made);
    polled_ = client_.get();
    bool const has_topic = messages_.open(client_.get());
    LOGPIPE_ASSERT(has_topic);
    client_events::recreated();
    ++figures_.recreated;
    log_info("kafka_sink: the client was recreated; {} messages are sent once more", failed_.count());
}

}  // namespace logpipe::kafka
