#include "chunk_queue.hpp"

#include "handshake.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace logpipe::forward {

namespace {

void count_as_stored(batch& events) {
    auto const stored = std::ranges::count(events.events, false, &event::rejected);
    events.counts.indexed = static_cast<std::uint64_t>(stored);
    events.counts.duplicates = 0;
}

}  // namespace

std::deque<chunk_queue::chunk> chunk_queue::encode(batch const& events) const {
    std::deque<chunk> chunks;
    for (std::size_t begin = 0; begin < events.events.size();) {
        auto const end = chunk_end(events.events, begin);
        auto const id = events.events[begin].id;
        auto name = id ? id.text() : random_hex(16);
        auto message = encode_chunk(events, begin, end, name, how_);
        if (!message.empty())
            chunks.push_back({.id = std::move(name),
                              .message = std::make_shared<std::string const>(std::move(message)),
                              .of = nullptr,
                              .sent_at = std::nullopt});
        begin = end;
    }
    return chunks;
}

result<std::optional<batch>> chunk_queue::add(batch& events) {
    // Before the lock: encoding takes time, and acks must not wait for it.
    auto chunks = encode(events);
    mutex_lock lock{mutex_};
    room_.wait(lock, [this]() LOGPIPE_REQUIRES(mutex_) { return cancelled_ || chunks_.size() < in_flight_max_; });
    if (cancelled_) return error{errc::cancelled, "forward: cancelled"};
    count_as_stored(events);
    if (chunks.empty()) return std::optional{std::move(events)};
    auto const pending =
        std::make_shared<pending_batch>(pending_batch{.events = std::move(events), .chunks_left = chunks.size()});
    for (auto& one : chunks) one.of = pending;
    std::ranges::move(chunks, std::back_inserter(chunks_));
    return std::optional<batch>{};
}

std::shared_ptr<std::string const> chunk_queue::next_to_send() {
    mutex_lock const lock{mutex_};
    if (in_flight_ >= in_flight_max_) return nullptr;
    auto const next = std::ranges::find_if(chunks_, [](chunk const& one) { return !one.sent_at; });
    if (next == chunks_.end()) return nullptr;
    ++in_flight_;
    next->sent_at = std::chrono::steady_clock::now();
    if (std::exchange(next->was_sent, true)) ++counts_.retried;
    counts_.bytes_sent += next->message->size();
    return next->message;
}

std::optional<batch> chunk_queue::acked(std::string_view chunk_id) {
    mutex_lock const lock{mutex_};
    auto const is_it = [&](chunk const& one) { return one.sent_at && one.id == chunk_id; };
    auto const found = std::ranges::find_if(chunks_, is_it);
    if (found == chunks_.end()) return std::nullopt;
    auto const of = std::move(found->of);
    chunks_.erase(found);
    --in_flight_;
    ++counts_.acked;
    room_.notify_one();
    if (--of->chunks_left > 0) return std::nullopt;
    return std::move(of->events);
}

void chunk_queue::retry_all() {
    mutex_lock const lock{mutex_};
    for (auto& one : chunks_) one.sent_at.reset();
    in_flight_ = 0;
}

std::optional<steady_time> chunk_queue::oldest_sent() const {
    mutex_lock const lock{mutex_};
    std::optional<steady_time> oldest;
    for (auto const& one : chunks_)
        if (one.sent_at && (!oldest || *one.sent_at < *oldest)) oldest = one.sent_at;
    return oldest;
}

void chunk_queue::cancel() {
    mutex_lock const lock{mutex_};
    cancelled_ = true;
    room_.notify_all();
}

chunk_queue_counts chunk_queue::counts() const {
    mutex_lock const lock{mutex_};
    auto counts = counts_;
    counts.unacked = chunks_.size();
    return counts;
}

}  // namespace logpipe::forward
