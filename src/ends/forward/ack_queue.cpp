#include "ack_queue.hpp"

#include "forward_metrics.hpp"

#include <utility>
#include <vector>

namespace logpipe::forward {

bool ack_queue::add(std::uint64_t end_offset, std::shared_ptr<forward_peer> const& to, std::string_view chunk_msgpack) {
    acks_.push_back({.end_offset = end_offset, .to = to, .chunk_msgpack = std::string{chunk_msgpack}});
    ++to->acks_due;
    bytes_ += acks_.back().bytes();
    return end_offset <= safe_offset_;
}

bool ack_queue::safe_until(std::uint64_t offset) noexcept {
    safe_offset_ = offset;
    return !scheduled_.exchange(true);
}

bool ack_queue::send_due() {
    scheduled_ = false;
    auto const safe = safe_offset_.load();
    bool const was_full = is_full();
    std::vector<std::shared_ptr<forward_peer>> receivers;
    while (!acks_.empty() && acks_.front().end_offset <= safe) {
        auto& ack = acks_.front();
        if (ack.to->acks.empty()) receivers.push_back(ack.to);
        ack.to->acks +=
            "\x81\xa3"
            "ack";  // {"ack": chunk}
        ack.to->acks += ack.chunk_msgpack;
        bytes_ -= ack.bytes();
        --ack.to->acks_due;
        ++acked_;
        acks_.pop_front();
    }
    for (auto const& peer : receivers) {
        peer->link->send(std::make_shared<std::string>(std::move(peer->acks)));
        peer->acks.clear();
    }
    return was_full && !is_full();
}

void ack_queue::describe(stage_status& into) const {
    into.metrics.emplace_back(metrics::chunks_acked, acked_);
}

}  // namespace logpipe::forward
