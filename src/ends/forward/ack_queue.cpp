#include "ack_queue.hpp"

#include "forward_metrics.hpp"

#include <new>
#include <utility>

namespace logpipe::forward {

namespace {

/// {"ack": chunk}
constexpr std::string_view ack_key =
    "\x81\xa3"
    "ack";

}  // namespace

bool ack_queue::add(std::uint64_t end_offset, std::shared_ptr<forward_peer> const& to, std::string_view chunk_msgpack) {
    acks_.push_back({.end_offset = end_offset, .to = to, .chunk_msgpack = std::string{chunk_msgpack}});
    ++to->acks_due;
    memory_.set(memory_.bytes() + acks_.back().bytes());
    return end_offset <= safe_offset_;
}

bool ack_queue::safe_until(std::uint64_t offset) noexcept {
    safe_offset_ = offset;
    return !scheduled_.exchange(true);
}

bool ack_queue::send_due() {
    scheduled_ = false;
    was_full_ = was_full_ || is_full();
    gather_due();
    send_gathered();
    return !is_full() && std::exchange(was_full_, false);
}

void ack_queue::gather_due() {
    auto const safe = safe_offset_.load();
    while (!acks_.empty() && acks_.front().end_offset <= safe) {
        auto& ack = acks_.front();
        auto& gathered = ack.to->acks;
        if (gathered.empty()) receivers_.push_back(ack.to);
        gathered.reserve(gathered.size() + ack_key.size() + ack.chunk_msgpack.size());
        gathered += ack_key;
        gathered += ack.chunk_msgpack;
        memory_.set(memory_.bytes() - ack.bytes());
        --ack.to->acks_due;
        ++acked_;
        acks_.pop_front();
    }
}

void ack_queue::send_gathered() {
    while (!receivers_.empty()) {
        auto& peer = *receivers_.back();
        auto bytes = std::make_shared<std::string>();
        bytes->swap(peer.acks);
        try {
            if (!bytes->empty()) peer.link->send(std::move(bytes));
        } catch (std::bad_alloc const&) {
            peer.link->close("out of memory");  // its client sends again what was not acked
        }
        receivers_.pop_back();
    }
}

void ack_queue::describe(stage_status& into) const {
    into.metrics.emplace_back(metrics::chunks_acked, acked_);
}

}  // namespace logpipe::forward
