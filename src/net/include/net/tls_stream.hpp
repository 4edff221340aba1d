// What every stream over TCP needs, with and without TLS. Asio alone.
#pragma once

#include "net/tls.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <string>

namespace logpipe::net {

/// Keep-alive finds dead peers, and small messages go out at once. After connecting.
template <class Socket>
void set_stream_options(Socket& socket) {
    boost::system::error_code ignored;  // both only help; a socket that was reset meanwhile fails when it is used
    socket.set_option(boost::asio::socket_base::keep_alive{true}, ignored);
    socket.set_option(boost::asio::ip::tcp::no_delay{true}, ignored);
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
