// The forward server's ports, TCP and UDP of the same number, and who comes there. The rest of it is next door.
#include "base/address.hpp"
#include "forward_server.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>

namespace logpipe {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;

namespace {

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);
constexpr int free_port_tries = 16;

}  // namespace

result<> forward_server::listen() {
    auto const address = parse_host_port(options_.listen, 24224);
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
    udp::endpoint const beside{endpoint.address(), port_};
    if (!failed) heartbeats_.open(beside.protocol(), failed);
    if (!failed) heartbeats_.bind(beside, failed);
    return check("answer UDP heartbeats");
}

asio::awaitable<void> forward_server::accept_clients() {
    while (!stopping_) {
        // Not accepted is better than closed: what a client without acks has sent waits in the kernel meanwhile.
        if (clients_.size() >= options_.connections_max) {
            if (auto const count = trouble_.admit(); count != 0)
                log_warn("forward_source: {} connections, the limit; new ones wait ({} times)", clients_.size(), count);
            co_await client_left_.async_wait(nothrow);
            continue;
        }
        auto [failed, socket] = co_await acceptor_.async_accept(nothrow);
        if (!failed) {
            admit(std::move(socket));
        } else if (!stopping_) {
            if (auto const count = trouble_.admit(); count != 0)
                log_error("forward_source: cannot accept a connection: {} ({} times)", failed.message(), count);
            asio::steady_timer pause{io_, std::chrono::milliseconds{100}};
            co_await pause.async_wait(nothrow);
        }
    }
    accept_last();
    reader_left();
}

/// Those that have connected before we stopped have sent before we stopped.
void forward_server::accept_last() {
    boost::system::error_code failed;
    acceptor_.non_blocking(true, failed);
    while (!failed && clients_.size() < options_.connections_max) {
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
        packet[0] = '\0';
        co_await heartbeats_.async_send_to(asio::buffer(packet, 1), from, nothrow);
    }
}

}  // namespace logpipe
