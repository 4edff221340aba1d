// What every stream over TCP needs, with and without TLS. Asio alone.
#pragma once

#include "net/tls.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace logpipe::net {

/// Keep-alive finds dead peers, and small messages go out at once. After connecting.
template <class Socket>
void set_stream_options(Socket& socket) {
    boost::system::error_code ignored;  // both only help; a socket that was reset meanwhile fails when it is used
    socket.set_option(boost::asio::socket_base::keep_alive{true}, ignored);
    socket.set_option(boost::asio::ip::tcp::no_delay{true}, ignored);
}

/// Connects to the first of a name's addresses that takes it. Each has a share of the time until `until` (max(): has
/// none), so that one which does not respond leaves some to the others. `socket` and its `owner`, which closes it for
/// good, outlive it.
template <class Owner, class Socket>
[[nodiscard]] boost::asio::awaitable<boost::system::error_code> connect_in_turn(
    Owner const& owner, Socket& socket, boost::asio::ip::tcp::resolver::results_type found,
    std::chrono::steady_clock::time_point until) {
    boost::system::error_code failed = boost::asio::error::host_not_found;
    auto left = found.size();
    for (auto const& each : found) {
        boost::asio::steady_timer share{socket.get_executor()};
        // A wait that has ended may have its handler still to come when the connection is there.
        auto const connecting = std::make_shared<bool>(true);
        if (left > 1 && until != std::chrono::steady_clock::time_point::max()) {
            share.expires_after((until - std::chrono::steady_clock::now()) / left);
            share.async_wait([&socket, connecting](boost::system::error_code cancelled) {
                boost::system::error_code ignored;  // closing is all we want of it
                if (!cancelled && *connecting) socket.close(ignored);
            });
        }
        --left;
        typename Socket::endpoint_type const to{each.endpoint()};
        auto [refused] = co_await socket.async_connect(to, boost::asio::as_tuple(boost::asio::use_awaitable));
        *connecting = false;
        failed = refused;
        if (!failed || owner.closed()) break;
        socket.close(refused);
    }
    co_return failed;
}

/// The client's handshake. `stream` outlives it. @param host  the name that the certificate must have
/// @return errc::unauthorized for a certificate that is not trusted, errc::not_connected
template <class Socket>
[[nodiscard]] boost::asio::awaitable<result<>> connect_tls(boost::asio::ssl::stream<Socket&>& stream,
                                                           std::string host) {
    if (auto named = set_peer_name(stream.native_handle(), host); !named) co_return named;
    auto [failed] = co_await stream.async_handshake(boost::asio::ssl::stream_base::client,
                                                    boost::asio::as_tuple(boost::asio::use_awaitable));
    if (failed) co_return handshake_error(stream.native_handle(), failed);
    co_return result<>{};
}

}  // namespace logpipe::net
