#include "client_acceptor.hpp"

#include "forward_metrics.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace logpipe::forward {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds accept_pause{100};

}  // namespace

client_acceptor::client_acceptor(asio::io_context& io, peer_table& peers, log_limit& trouble,
                                 std::function<void(tcp::socket)> admit)
    : peers_{peers},
      trouble_{trouble},
      admit_{std::move(admit)},
      acceptor_{io},
      client_left_{io, asio::steady_timer::time_point::max()} {}

boost::system::error_code client_acceptor::listen(tcp::endpoint const& at) {
    boost::system::error_code failed;
    acceptor_.open(at.protocol(), failed);
    if (!failed) acceptor_.set_option(asio::socket_base::reuse_address{true}, failed);
    if (!failed) acceptor_.bind(at, failed);
    if (!failed) acceptor_.listen(asio::socket_base::max_listen_connections, failed);
    if (failed) close();
    return failed;
}

tcp::endpoint client_acceptor::endpoint() const {
    boost::system::error_code ignored;  // it listens, so it has an address
    return acceptor_.local_endpoint(ignored);
}

void client_acceptor::close() {
    boost::system::error_code ignored;  // nobody waits for it
    acceptor_.close(ignored);
}

asio::awaitable<void> client_acceptor::run() {
    bool has_client = false;  // at the failure before this one
    while (!stopping_) {
        if (peers_.is_full()) {
            co_await wait_for_slot();
            continue;
        }
        auto [failed, socket] = co_await acceptor_.async_accept(nothrow);
        if (!failed) {
            health_.up();
            admit_(std::move(socket));
            has_client = false;
        } else if (!stopping_ && !std::exchange(has_client, !has_client)) {
            // Without descriptors it also fails where no client has come.
            co_await acceptor_.async_wait(tcp::acceptor::wait_read, nothrow);
        } else if (!stopping_) {
            co_await recover_from(failed);
        }
    }
    accept_last();
}

/// Out of descriptors, as a rule: an evicted client gives one back, and a retry at once would burn the processor.
asio::awaitable<void> client_acceptor::recover_from(boost::system::error_code failed) {
    // One that left before it was accepted says nothing of the next.
    if (failed == asio::error::connection_aborted) co_return;
    ++failures_;
    health_.down({errc::too_large, fmt::format("cannot accept connections: {}; connected clients are served. Raise the "
                                               "limit of open files, or lower --connections-max",
                                               failed.message())});
    if (auto const count = trouble_.admit(); count != 0)
        log_error("forward_source: cannot accept a connection: {} ({} times)", failed.message(), count);
    peers_.evict_newcomer();
    asio::steady_timer pause{acceptor_.get_executor(), accept_pause};
    co_await pause.async_wait(nothrow);
}

/// Until a slot is free, or no client waits for one. Not accepted is better than closed: what a client without acks has
/// sent waits in the kernel meanwhile. But one that never completed a message has, as a rule, nothing to lose.
asio::awaitable<void> client_acceptor::wait_for_slot() {
    auto [failed] = co_await acceptor_.async_wait(tcp::acceptor::wait_read, nothrow);
    if (failed || stopping_ || !peers_.is_full()) co_return;
    if (!peers_.evict_newcomer()) {
        health_.down({errc::too_large,
                      fmt::format("all {} connections (--connections-max) are taken and more clients wait; connected "
                                  "ones are served. Raise it, or close idle ones with --client-idle-timeout",
                                  peers_.count_max())});
        if (auto const count = trouble_.admit(); count != 0)
            log_warn("forward_source: {} connections, the limit (--connections-max); new ones wait ({} times)",
                     peers_.size(), count);
    }
    co_await client_left_.async_wait(nothrow);
    if (!peers_.is_full()) health_.up();
}

void client_acceptor::accept_last() {
    boost::system::error_code failed;
    acceptor_.non_blocking(true, failed);
    while (!failed && !peers_.is_full()) {
        auto socket = acceptor_.accept(failed);
        if (!failed) admit_(std::move(socket));
    }
    close();
}

void client_acceptor::stop() {
    stopping_ = true;
    boost::system::error_code ignored;  // nothing is waited for any more
    acceptor_.cancel(ignored);
    client_left_.cancel();
}

void client_acceptor::describe(stage_status& into) const {
    health_.describe(into);
    into.metrics.emplace_back(metrics::accept_failures, failures_);
}

}  // namespace logpipe::forward
