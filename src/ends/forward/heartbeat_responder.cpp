#include "heartbeat_responder.hpp"

#include "forward_metrics.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <chrono>

namespace logpipe::forward {

namespace asio = boost::asio;
using asio::ip::udp;

namespace {

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);

}  // namespace

boost::system::error_code heartbeat_responder::bind(udp::endpoint const& at) {
    boost::system::error_code failed;
    socket_.open(at.protocol(), failed);
    if (!failed) socket_.bind(at, failed);
    if (failed) close();
    return failed;
}

asio::awaitable<void> heartbeat_responder::run() {
    std::array<char, 64> packet;
    while (socket_.is_open()) {
        udp::endpoint from;
        auto [failed, bytes] = co_await socket_.async_receive_from(asio::buffer(packet), from, nothrow);
        if (!socket_.is_open()) break;
        if (failed) continue;  // an earlier response that did not arrive
        if (!admitted_.admit(from, std::chrono::steady_clock::now())) {
            ++dropped_;
            continue;
        }
        ++responses_;
        packet[0] = '\0';
        co_await socket_.async_send_to(asio::buffer(packet, 1), from, nothrow);
    }
}

void heartbeat_responder::close() {
    boost::system::error_code ignored;  // nobody waits for it
    socket_.close(ignored);
}

void heartbeat_responder::describe(stage_status& into) const {
    into.metrics.emplace_back(metrics::heartbeat_responses, responses_);
    into.metrics.emplace_back(metrics::heartbeats_dropped, dropped_);
}

}  // namespace logpipe::forward
