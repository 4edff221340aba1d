// A listening TCP socket from "HOST:PORT".
#pragma once

#include "logpipe/result.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <string>

namespace logpipe::web {

/// Without HOST it listens on all addresses, IPv6 and IPv4.
/// @return errc::busy where another one listens there, else errc::invalid_argument; both name the address.
[[nodiscard]] result<boost::asio::ip::tcp::acceptor> listen_on(boost::asio::io_context& context,
                                                               std::string const& address);

}  // namespace logpipe::web
