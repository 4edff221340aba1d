// The next msgpack value of a connection.
#pragma once

#include "msgpack_stream.hpp"

#include "net/connection.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string_view>

namespace logpipe::forward {

/// Reads until there is a whole one.
[[nodiscard]] boost::asio::awaitable<result<std::string_view>> read_value(std::shared_ptr<net::connection> link,
                                                                          msgpack_stream& stream);

}  // namespace logpipe::forward
