#include "intake.hpp"

#include "forward_metrics.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace logpipe::forward {

namespace asio = boost::asio;

namespace {

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t unread_acks_bytes_max = std::size_t{8} << 20U;  // of one client
constexpr std::chrono::milliseconds unread_acks_pause{20};
constexpr std::chrono::milliseconds short_memory_pause{500};
constexpr std::chrono::seconds drain_max{5};

}  // namespace

bool intake::has_room(forward_peer const& peer) {
    return !inbox_.full() && !acks_.is_full() && peer.link->unsent_bytes() <= unread_acks_bytes_max;
}

asio::awaitable<void> intake::wait_for_room(std::shared_ptr<forward_peer> peer) {
    while (!drained() && !peer->link->closed() && !has_room(*peer)) {
        if (inbox_.full() || acks_.is_full()) {
            co_await room_made_.async_wait(nothrow);
        } else {
            asio::steady_timer pause{room_made_.get_executor(), unread_acks_pause};
            co_await pause.async_wait(nothrow);
        }
    }
}

asio::awaitable<void> intake::wait_for_memory() {
    ++memory_stalls_;
    if (auto const count = trouble_.admit(); count != 0)
        log_error("forward_source: out of memory: a client has to wait ({} times)", count);
    asio::steady_timer pause{room_made_.get_executor(), short_memory_pause};
    co_await pause.async_wait(nothrow);
}

void intake::feeder_left() {
    --feeders_;
    if (stopping_ && feeders_ == 0) inbox_.close();
}

bool intake::stop() {
    if (std::exchange(stopping_, true)) return false;
    drain_until_ = std::chrono::steady_clock::now() + drain_max;
    drain_ends_.expires_at(drain_until_);
    drain_ends_.async_wait([this](boost::system::error_code const& cancelled) {
        if (!cancelled) room_made_.cancel();
    });
    return true;
}

void intake::abandon() {
    drain_until_ = {};
    drain_ends_.cancel();
    room_made_.cancel();
}

bool intake::drained() const {
    return stopping_ && std::chrono::steady_clock::now() >= drain_until_;
}

void intake::describe(stage_status& into) const {
    into.metrics.emplace_back(metrics::memory_stalls, memory_stalls_);
}

}  // namespace logpipe::forward
