#include "memory_turn.hpp"

#include <chrono>

namespace logpipe::forward {

namespace {

// One that others wait for must not be slower.
constexpr std::chrono::seconds check_interval{2};
constexpr std::size_t bytes_min = std::size_t{256} << 10U;

}  // namespace

bool memory_turn::may_read(std::shared_ptr<forward_peer> const& peer) {
    if (!budget().is_short()) {
        holder_.reset();
        return true;
    }
    if (holder_ == peer) return true;
    if (!holder_ || holder_->link->closed()) {
        begin(peer);
        return true;
    }
    // What it has sent may wait for room: then it is not the client who is slow.
    if (!is_contended_ || !holder_->is_awaited) count();
    is_contended_ = true;
    if (world_.steady() - since_ < check_interval) return false;
    if (bytes_ < bytes_min) holder_->link->close("memory is short, and others wait while it sends slowly");
    count();
    return false;
}

void memory_turn::begin(std::shared_ptr<forward_peer> const& peer) {
    holder_ = peer;
    is_contended_ = false;
}

void memory_turn::count() {
    since_ = world_.steady();
    bytes_ = 0;
}

}  // namespace logpipe::forward
