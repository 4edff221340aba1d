// Listening sockets from "HOST:PORT".
#pragma once

#include "logpipe/result.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>

#include <string>

namespace logpipe::net {

/// Without HOST it listens on all addresses, IPv6 and IPv4.
/// @return errc::busy where another one listens there, else errc::invalid_argument; both name the address.
[[nodiscard]] result<boost::asio::ip::tcp::acceptor> listen_on(boost::asio::io_context& context,
                                                               std::string const& address);
/// The same for datagrams.
[[nodiscard]] result<boost::asio::ip::udp::socket> receive_on(boost::asio::io_context& context,
                                                              std::string const& address);

}  // namespace logpipe::net
