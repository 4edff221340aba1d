#include "net/memory_turn.hpp"

namespace logpipe::net {

namespace {

// One that others wait for must not be slower.
constexpr std::chrono::seconds check_interval{2};
constexpr std::size_t bytes_min = std::size_t{256} << 10U;

}  // namespace

bool memory_turn::may_read(std::shared_ptr<link> const& client) {
    if (!budget().is_short()) {
        holder_.reset();
        return true;
    }
    if (!holder_ || holder_->closed()) {
        holder_ = client;
        is_contended_ = false;
    }
    if (holder_ == client) {
        is_read_ = true;
        return true;
    }
    if (!std::exchange(is_contended_, true) || !is_read_) count();
    if (world_.steady() - since_ < check_interval) return false;
    if (bytes_ < bytes_min) holder_->close("memory is short, and others wait while it sends slowly");
    count();
    return false;
}

void memory_turn::received(link const& client, std::size_t bytes) noexcept {
    if (holder_.get() != &client) return;
    bytes_ += bytes;
    is_read_ = false;
}

void memory_turn::count() {
    since_ = world_.steady();
    bytes_ = 0;
}

}  // namespace logpipe::net
