// One HTTP/1.1 connection.
#pragma once

#include "connection_slots.hpp"
#include "live_feed.hpp"
#include "produce_job.hpp"
#include "query_thread.hpp"
#include "request_guard.hpp"
#include "web_stream.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>

namespace logpipe::web {

/// What the connections of a server share. Its thread only.
struct web_state {
    web_state(web_options from, boost::asio::io_context& context, guard_options rules)
        : options{std::move(from)}, guard{std::move(rules)}, job{options.produce}, slots{options.limits} {
        if (!options.page) return;
        feed.emplace(context, *options.page);
        queries.emplace("web-page", *options.page);
        searches.emplace("web-search", *options.page);
    }

    web_options options;
    request_guard guard;
    std::shared_ptr<boost::asio::ssl::context> tls;  ///< of new connections; none: plain HTTP
    produce_job job;
    connection_slots slots;
    std::size_t taps = 0;                  ///< that are open
    std::optional<live_feed> feed;         ///< where there is a page
    std::optional<query_thread> queries;   ///< the same; those that the store serves at once
    std::optional<query_thread> searches;  ///< the same; those that scan rows
    bool closing = false;
};

/// Serves until the client leaves, errs or is too slow, or the server closes the connection. `state` outlives the
/// coroutine. @param slot  a valid one
boost::asio::awaitable<void> serve_http(boost::asio::ip::tcp::socket socket, connection_slot slot, web_state& state);

}  // namespace logpipe::web
