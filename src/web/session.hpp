// One HTTP/1.1 connection.
#pragma once

#include "produce_job.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include <set>

namespace logpipe {

/// What the connections of a server share. Its thread only.
struct web_state {
    explicit web_state(web_options from) : options{std::move(from)}, job{options.produce} {}

    web_options options;
    produce_job job;
    std::set<boost::beast::tcp_stream*> connections;  ///< open ones; the server closes them when it ends
    bool closing = false;
};

/// Serves until the client leaves, errs or is too slow, or the server closes the connection. `state` outlives the
/// coroutine.
boost::asio::awaitable<void> serve_http(boost::asio::ip::tcp::socket socket, web_state& state);

}  // namespace logpipe
