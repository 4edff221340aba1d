// The response to `/api/tap`: a line an event, as long as the client reads.
#pragma once

#include "tap_route.hpp"
#include "web_stream.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>

namespace logpipe::web {

/// Sends until the client leaves or takes longer than `write_time` for what it is sent; the connection is of no more
/// use then. Each second, and at first, a line {"tap":{"seen":N,"dropped":N}} tells what the client does not get.
/// `stream` outlives the coroutine.
boost::asio::awaitable<void> stream_tap(web_stream& stream, tap_route from, std::chrono::milliseconds write_time);

}  // namespace logpipe::web
