#include "producer.hpp"

#include "codec/letter_frame.hpp"
#include "core/assert.hpp"
#include "core/clean_text.hpp"
#include "core/environment.hpp"
#include "core/thread.hpp"
#include "json_member.hpp"
#include "letter_headers.hpp"
#include "message_id.hpp"
#include "producer_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace logpipe::kafka {

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr backoff_options retry_pace{.first = 100ms, .longest = 5'000ms};
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

/// A time in a header, in decimal.
using time_text = std::array<char, 20>;
std::string_view decimal(std::int64_t number, time_text& into) noexcept {
    return {into.data(), std::to_chars(into.data(), into.data() + into.size(), number).ptr};
}

std::string_view text_of(key_text const& key) noexcept {
    return {key.data(), key.size()};
}

}  // namespace

producer::producer(kafka_sink_options const& options, sent_batches& sent, std::function<void(batch&&)> done)
    : client_events{"kafka_sink"},
      options_{options},
      sent_{sent},
      done_{std::move(done)},
      retrying_{retry_pace, random_number} {}

producer::~producer() {
    stopping_ = true;
    if (reports_.joinable()) reports_.join();
    // What is still in flight is abandoned, but its memory may be read until the client is gone.
    topic_.reset();
    client_.reset();
}

result<> producer::start(std::int64_t batch_bytes_max) {
    settings_ = producer_settings(options_, batch_bytes_max);
    auto made = make_handle();
    if (!made) return made.error();
    client_ = *std::move(made);
    if (!make_topic()) return kafka_error(rd_kafka_last_error(), fmt::format("topic {}", options_.topic));
    acknowledged_at_ = steady_clock::now();
    reports_ = start_thread("kafka-reports", [this] { run(); });
    return {};
}

result<client_handle> producer::make_handle() {
    return make_client(client_kind::producer, options_.connection, settings_, *this);
}

bool producer::make_topic() {
    topic_conf_handle conf{rd_kafka_default_topic_conf_dup(client_.get())};
    if (options_.key_field.empty()) {
        rd_kafka_topic_conf_set_opaque(conf.get(), &sent_);
        rd_kafka_topic_conf_set_partitioner_cb(conf.get(), choose_partition);
    } else {
        // What Java's default partitioner does, so that other producers of this key choose the same partition.
        rd_kafka_topic_conf_set_partitioner_cb(conf.get(), rd_kafka_msg_partitioner_murmur2_random);
    }
    topic_.reset(rd_kafka_topic_new(client_.get(), options_.topic.c_str(), conf.get()));
    if (topic_) (void)conf.release();  // the topic's now
    return topic_ != nullptr;
}

std::int32_t producer::choose_partition(rd_kafka_topic_t const* topic, void const* /*key*/, std::size_t /*key_bytes*/,
                                        std::int32_t partition_count, void* table, void* message) {
    auto& sent = static_cast<sent_batches*>(table)->at(message_tag{reinterpret_cast<std::uint64_t>(message)});
    std::atomic_ref const partition{sent.partition};
    auto const chosen = partition.load(std::memory_order_relaxed);
    if (chosen >= 0 && chosen < partition_count) return chosen;
    // The next one that has a leader; where none has, the next one.
    auto const first = static_cast<std::int32_t>(sent.number % static_cast<std::uint64_t>(partition_count));
    auto best = first;
    for (std::int32_t i = 0; i < partition_count; ++i) {
        auto const candidate = (first + i) % partition_count;
        if (rd_kafka_topic_partition_available(topic, candidate) == 0) continue;
        best = candidate;
        break;
    }
    partition.store(best, std::memory_order_relaxed);
    return best;
}

/// Payload and batch stay where they are until the report. The caller holds handle_mutex_.
rd_kafka_resp_err_t producer::produce(message_tag tag) {
    auto const& events = sent_.at(tag).events;
    auto const& row = events.events[event_of(tag)];
    if (options_.letters) return produce_letter(tag, events.payload(row), row.received_ns);
    auto const payload = events.payload(row);
    std::string_view const tag_text = events.tags[row.tag];

    std::array<rd_kafka_vu_t, 10> parts;  // what is not set is not read
    std::size_t count = 0;
    auto const part = [&](rd_kafka_vtype_t type) -> rd_kafka_vu_t& {
        parts[count].vtype = type;
        return parts[count++];
    };
    auto const header = [&](std::string_view name, std::string_view value) {
        part(RD_KAFKA_VTYPE_HEADER).u.header = {
            .name = name.data(), .val = value.data(), .size = static_cast<ssize_t>(value.size())};
    };
    thread_local std::string scratch;
    std::string_view key;
    key_text id_key;
    time_text received;
    time_text time;
    if (!options_.key_field.empty()) {
        key = json_member(payload, options_.key_field, scratch).value_or(std::string_view{});
        if (row.id) {
            id_key = key_of(row.id);
            header(id_header, text_of(id_key).substr(key_prefix.size()));
            if (row.received_ns != 0) header(received_header, decimal(row.received_ns, received));
            if (row.time_ns != 0) header(time_header, decimal(row.time_ns, time));
            if (!tag_text.empty()) header(event_tag_header, tag_text);
        }
    } else if (row.id) {
        write_event_key(scratch,
                        {.id = row.id, .received_ns = row.received_ns, .time_ns = row.time_ns, .tag = tag_text});
        key = scratch;
    }
    if (!options_.tag_header.empty()) header(options_.tag_header, tag_text);
    part(RD_KAFKA_VTYPE_RKT).u.rkt = topic_.get();
    // librdkafka's interface takes a writable pointer, and only reads it.
    part(RD_KAFKA_VTYPE_VALUE).u.mem = {.ptr = const_cast<char*>(payload.data()), .size = payload.size()};
    part(RD_KAFKA_VTYPE_OPAQUE).u.ptr = reinterpret_cast<void*>(static_cast<std::uint64_t>(tag));
    part(RD_KAFKA_VTYPE_TIMESTAMP).u.i64 = row.received_ns / 1'000'000;  // 0: now
    if (key.data() != nullptr)
        part(RD_KAFKA_VTYPE_KEY).u.mem = {.ptr = const_cast<char*>(key.data()), .size = key.size()};
    kafka_failure const failure{rd_kafka_produceva(client_.get(), parts.data(), count)};
    return failure ? rd_kafka_error_code(failure.get()) : RD_KAFKA_RESP_ERR_NO_ERROR;
}

/// The original bytes are the value, what comes before them becomes key and headers.
rd_kafka_resp_err_t producer::produce_letter(message_tag tag, std::string_view frame, std::int64_t time_ns) {
    auto const letter = codec::read_letter_frame(frame);
    LOGPIPE_ASSERT(letter.has_value());  // dead_letter_writer wrote it
    letter_headers const made{*letter};
    std::array<rd_kafka_vu_t, letter_headers::count_max + 5> parts;  // what is not set is not read
    std::size_t count = 0;
    auto const part = [&](rd_kafka_vtype_t type) -> rd_kafka_vu_t& {
        parts[count].vtype = type;
        return parts[count++];
    };
    for (auto const& [name, value] : made.all())
        part(RD_KAFKA_VTYPE_HEADER).u.header = {
            .name = name, .val = value.data(), .size = static_cast<ssize_t>(value.size())};
    part(RD_KAFKA_VTYPE_RKT).u.rkt = topic_.get();
    // librdkafka copies the key and reads the value where it lies; its interface takes writable pointers to both.
    part(RD_KAFKA_VTYPE_VALUE).u.mem = {.ptr = const_cast<char*>(letter->record.data()), .size = letter->record.size()};
    part(RD_KAFKA_VTYPE_KEY).u.mem = {.ptr = const_cast<char*>(made.key().data()), .size = made.key().size()};
    part(RD_KAFKA_VTYPE_OPAQUE).u.ptr = reinterpret_cast<void*>(static_cast<std::uint64_t>(tag));
    part(RD_KAFKA_VTYPE_TIMESTAMP).u.i64 = time_ns / 1'000'000;
    kafka_failure const failure{rd_kafka_produceva(client_.get(), parts.data(), count)};
    return failure ? rd_kafka_error_code(failure.get()) : RD_KAFKA_RESP_ERR_NO_ERROR;
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
    std::shared_lock lock{handle_mutex_};
    for (auto i = begin; i < end; ++i) {
        if (events[i].rejected) continue;
        auto const tag = tag_of(slot, i);
        auto const code = produce(tag);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) [[likely]]
            continue;
        if (is_rejection(code)) {
            sent_.reject(tag, fmt::format("{} bytes: {}", events[i].record_bytes, rd_kafka_err2str(code)));
            ++rejected;
        } else {
            note_failure(kafka_error(code, fmt::format("writing to topic {}", options_.topic)));
            mutex_lock failing{failed_mutex_};
            failed_at_once_.push_back(tag);
        }
    }
    return rejected;
}

void producer::hurry() {
    if (hurried_.exchange(true)) return;
    std::shared_lock lock{handle_mutex_};
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
    if (slot != run_slot_) end_run();
    run_slot_ = slot;
    ++run_count_;
}

void producer::end_run() {
    if (run_count_ == 0) return;
    recovered();
    acknowledged_at_ = steady_clock::now();
    if (!is_backing_off_) retrying_.worked();
    acknowledge(run_slot_, std::exchange(run_count_, 0));
}

void producer::failed(message_tag tag, rd_kafka_resp_err_t reason) {
    if (is_rejection(reason)) {
        too_large_reason_ = rd_kafka_err2str(reason);
        too_large_.push_back(tag);
        return;
    }
    failed_.push_back(tag);
    if (reason == RD_KAFKA_RESP_ERR__PURGE_QUEUE || reason == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT ||
        reason == RD_KAFKA_RESP_ERR__FATAL || fatal())
        return;  // the client is being recreated, and the reason is known
    note_failure(kafka_error(reason, fmt::format("writing to topic {}", options_.topic)));
}

void producer::run() {
    while (!stopping_) {
        serve();
        {
            mutex_lock lock{failed_mutex_};
            failed_.insert(failed_.end(), failed_at_once_.begin(), failed_at_once_.end());
            failed_at_once_.clear();
        }
        if (fatal()) recreate();
        if (!too_large_.empty()) parts_.push_back(std::exchange(too_large_, {}));
        if (!parts_.empty()) send_in_parts();
        if (!failed_.empty()) retry();
        if (rd_kafka_outq_len(client_.get()) == 0 && failed_.empty()) acknowledged_at_ = steady_clock::now();
    }
}

/// Waits for reports and handles them.
void producer::serve() {
    if (hurried_) {
        // While rd_kafka_flush() lasts, the linger time is 0, and librdkafka's thread spins until the broker responds.
        // So it is called only where nothing moves by itself, and lasts a moment.
        if (rd_kafka_poll(client_.get(), report_wait_ms) == 0) rd_kafka_flush(client_.get(), flush_slice_ms);
        hurried_ = false;  // before the length is read: what is sent after it hurries once more
        if (rd_kafka_outq_len(client_.get()) > 0) hurried_ = true;
    } else {
        rd_kafka_poll(client_.get(), 100);
    }
    end_run();
}

/// What could not be delivered, after a back-off.
void producer::retry() {
    auto const now = steady_clock::now();
    if (!is_backing_off_) retrying_.failed(now);
    is_backing_off_ = !retrying_.is_due(now);
    if (is_backing_off_) return;
    retried_ += failed_.size();
    for (auto const tag : std::exchange(failed_, {}))
        if (auto const code = produce(tag); code != RD_KAFKA_RESP_ERR_NO_ERROR) failed(tag, code);
}

/// Finds the messages that the broker rejects: a set is sent alone, and halved where it is rejected.
void producer::send_in_parts() {
    sent_.pause(true);
    poll_until_idle();
    while (!parts_.empty() && !stopping_ && !fatal()) {
        auto const set = std::move(parts_.front());
        parts_.pop_front();
        retried_ += set.size();
        for (auto const tag : set)
            if (auto const code = produce(tag); code != RD_KAFKA_RESP_ERR_NO_ERROR) failed(tag, code);
        poll_until_idle();
        auto rejected = std::exchange(too_large_, {});
        if (set.size() == 1 && rejected.size() == 1) {
            auto const& row = sent_.at(set.front()).events.events[event_of(set.front())];
            sent_.reject(set.front(), fmt::format("{} bytes: {}", row.record_bytes, too_large_reason_));
            acknowledge(slot_of(set.front()), 1);
        } else if (rejected.size() == 1) {
            parts_.push_back(std::move(rejected));
        } else if (!rejected.empty()) {
            auto const middle = rejected.begin() + static_cast<std::ptrdiff_t>(rejected.size() / 2);
            parts_.emplace_back(rejected.begin(), middle);
            parts_.emplace_back(middle, rejected.end());
        }
    }
    sent_.pause(false);
}

void producer::poll_until_idle() {
    while (rd_kafka_outq_len(client_.get()) > 0 && !stopping_ && !fatal()) {
        rd_kafka_poll(client_.get(), 100);
        end_run();
    }
}

/// After a fatal error of the idempotent producer: its numbering of the messages is lost. What was not reported is sent
/// once more; what was stored without a report is a duplicate by its id.
void producer::recreate() {
    std::unique_lock lock{handle_mutex_};
    rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    while (rd_kafka_outq_len(client_.get()) > 0 && !stopping_) {
        rd_kafka_poll(client_.get(), 100);
        end_run();
    }
    if (stopping_) return;
    topic_.reset();
    client_.reset();
    auto made = make_handle();
    LOGPIPE_ASSERT(made.has_value());  // the same settings have made one before
    client_ = *std::move(made);
    bool const has_topic = make_topic();
    LOGPIPE_ASSERT(has_topic);
    client_events::recreated();
    ++recreated_;
    log_info("kafka_sink: the client was recreated; {} messages are sent once more", failed_.size());
}

}  // namespace logpipe::kafka
