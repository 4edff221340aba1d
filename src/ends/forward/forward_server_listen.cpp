// The forward server's ports, TCP and UDP of the same number, who comes there and who has to go. The rest of it is next
// door.
#include "forward_metrics.hpp"
#include "forward_server.hpp"
#include "net/address.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <system_error>

namespace logpipe::forward {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;

namespace {

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);
constexpr int free_port_tries = 16;
constexpr std::chrono::milliseconds accept_pause{100};
constexpr std::chrono::milliseconds watch_longest{1'000};
constexpr std::chrono::milliseconds watch_shortest{10};
constexpr int watches_per_timeout = 10;

}  // namespace

result<> forward_server::listen() {
    auto const address = net::parse_host_port(options_.listen, 24224);
    if (!address) return address.error();
    tcp::resolver resolver{io_};
    boost::system::error_code failed;
    auto const host = address->host.empty() ? "0.0.0.0" : address->host;
    auto const found = resolver.resolve(host, std::to_string(address->port), tcp::resolver::passive, failed);
    if (failed || found.empty())
        return error{errc::invalid_argument, fmt::format("cannot listen on {}: {}", options_.listen, failed.message())};
    // A free TCP port need not be free for UDP.
    for (int tries_left = address->port == 0 ? free_port_tries : 1;; --tries_left) {
        auto listening = listen_at(found.begin()->endpoint());
        if (listening || tries_left == 1) return listening;
    }
}

result<> forward_server::listen_at(tcp::endpoint const& endpoint) {
    boost::system::error_code failed;
    auto const check = [&](std::string_view what) -> result<> {
        if (!failed) return {};
        boost::system::error_code ignored;
        acceptor_.close(ignored);
        heartbeats_.close(ignored);
        auto const code = failed == asio::error::address_in_use ? errc::busy : errc::invalid_argument;
        return error{code, fmt::format("cannot {} on {}: {}", what, options_.listen, failed.message())};
    };
    acceptor_.open(endpoint.protocol(), failed);
    if (!failed) acceptor_.set_option(asio::socket_base::reuse_address{true}, failed);
    if (!failed) acceptor_.bind(endpoint, failed);
    if (!failed) acceptor_.listen(asio::socket_base::max_listen_connections, failed);
    if (auto done = check("listen"); !done) return done;
    port_ = acceptor_.local_endpoint(failed).port();
    if (!options_.heartbeat) return check("listen");
    udp::endpoint const beside{endpoint.address(), port_};
    if (!failed) heartbeats_.open(beside.protocol(), failed);
    if (!failed) heartbeats_.bind(beside, failed);
    return check("answer UDP heartbeats");
}

asio::awaitable<void> forward_server::accept_clients() {
    bool somebody_waits = false;
    while (!stopping_) {
        if (clients_.is_full()) {
            co_await wait_for_place();
            continue;
        }
        auto [failed, socket] = co_await acceptor_.async_accept(nothrow);
        if (!failed) {
            accept_failure_ = 0;
            admit(std::move(socket));
            somebody_waits = false;
        } else if (!stopping_ && !std::exchange(somebody_waits, !somebody_waits)) {
            // It also fails without descriptors where nobody has come.
            co_await acceptor_.async_wait(tcp::acceptor::wait_read, nothrow);
        } else if (!stopping_) {
            co_await recover_from(failed);
        }
    }
    accept_last();
    reader_left();
}

/// Out of descriptors, as a rule: one comes back with a newcomer, and trying again at once would burn the processor.
asio::awaitable<void> forward_server::recover_from(boost::system::error_code failed) {
    // One that left before it was accepted says nothing of the next.
    if (failed == asio::error::connection_aborted) co_return;
    accept_failure_ = failed.value();
    ++accept_failures_;
    if (auto const count = trouble_.admit(); count != 0)
        log_error("forward_source: cannot accept a connection: {} ({} times)", failed.message(), count);
    close_newcomer();
    asio::steady_timer pause{io_, accept_pause};
    co_await pause.async_wait(nothrow);
}

/// Until a place is free, or nobody waits for one. Not accepted is better than closed: what a client without acks has
/// sent waits in the kernel meanwhile. But one that never completed a message has, as a rule, nothing to lose.
asio::awaitable<void> forward_server::wait_for_place() {
    auto [failed] = co_await acceptor_.async_wait(tcp::acceptor::wait_read, nothrow);
    if (failed || stopping_ || !clients_.is_full()) co_return;
    if (!close_newcomer()) {
        clients_wait_ = true;
        if (auto const count = trouble_.admit(); count != 0)
            log_warn("forward_source: {} connections, the limit (--connections-max); new ones wait ({} times)",
                     clients_.size(), count);
    }
    co_await client_left_.async_wait(nothrow);
    clients_wait_ = clients_.is_full();
}

/// The one that came first: it has had the longest time. @return false: all are established
bool forward_server::close_newcomer() {
    auto const peer = clients_.take_newcomer();
    if (!peer) return false;
    ++connections_evicted_;
    peer->link->close("its place is needed, and it has not completed a message");
    return true;
}

/// Many looks in the shorter of the times, so that each is kept about as exactly as it was asked for.
asio::awaitable<void> forward_server::watch_clients() {
    message_times const times{.first_message = options_.first_message_timeout, .message = options_.message_timeout};
    auto shortest = watch_longest * watches_per_timeout;
    for (auto const each : {times.first_message, times.message})
        if (each.count() > 0) shortest = std::min(shortest, each);
    auto const step = std::max(watch_shortest, shortest / watches_per_timeout);
    while (!stopping_) {
        watch_.expires_after(step);
        co_await watch_.async_wait(nothrow);
        if (stopping_) co_return;
        for (auto const& peer : clients_) {
            if (!peer->is_awaited || peer->link->closed()) continue;
            auto reason = peer->pace.wait(step, times);
            if (reason.empty()) continue;
            ++connections_timed_out_;
            peer->link->close(std::move(reason));
        }
    }
}

/// Those that have connected before we stopped have sent before we stopped.
void forward_server::accept_last() {
    boost::system::error_code failed;
    acceptor_.non_blocking(true, failed);
    while (!failed && !clients_.is_full()) {
        auto socket = acceptor_.accept(failed);
        if (!failed) admit(std::move(socket));
    }
    acceptor_.close(failed);
}

asio::awaitable<void> forward_server::answer_heartbeats() {
    std::array<char, 64> packet;
    while (!stopping_) {
        udp::endpoint from;
        auto [failed, bytes] = co_await heartbeats_.async_receive_from(asio::buffer(packet), from, nothrow);
        if (stopping_) break;
        if (failed) continue;  // an earlier answer that did not arrive
        if (!heartbeat_answers_.admit(from, std::chrono::steady_clock::now())) {
            ++heartbeats_dropped_;
            continue;
        }
        ++heartbeat_responses_;
        packet[0] = '\0';
        co_await heartbeats_.async_send_to(asio::buffer(packet, 1), from, nothrow);
    }
}

void forward_server::describe(stage_status& into) const {
    into.metrics.emplace_back(metrics::open_connections, connections_);
    into.metrics.emplace_back(metrics::connections_max, options_.connections_max);
    into.metrics.emplace_back(metrics::connections, connections_total_);
    into.metrics.emplace_back(metrics::connections_broken, broken_connections_);
    into.metrics.emplace_back(metrics::connections_evicted, connections_evicted_);
    into.metrics.emplace_back(metrics::connections_timed_out, connections_timed_out_);
    into.metrics.emplace_back(metrics::connections_rejected, connections_rejected_);
    into.metrics.emplace_back(metrics::connections_unauthorized, unauthorized_);
    into.metrics.emplace_back(metrics::accept_failures, accept_failures_);
    into.metrics.emplace_back(metrics::bytes_in, bytes_in_);
    into.metrics.emplace_back(metrics::messages, messages_);
    into.metrics.emplace_back(metrics::chunks_acked, chunks_acked_);
    into.metrics.emplace_back(metrics::memory_stalls, memory_stalls_);
    into.metrics.emplace_back(metrics::heartbeat_responses, heartbeat_responses_);
    into.metrics.emplace_back(metrics::heartbeats_dropped, heartbeats_dropped_);
    if (int const failure = accept_failure_; failure != 0) {
        into.up = false;
        into.reason = fmt::format("cannot accept connections: {}; connected clients are served",
                                  std::generic_category().message(failure));
    } else if (clients_wait_) {
        into.up = false;
        into.reason = fmt::format(
            "all {} connections (--connections-max) are taken and more clients wait; connected ones are served. Raise "
            "it, or close idle ones with --client-idle-timeout",
            options_.connections_max);
    }
}

}  // namespace logpipe::forward
