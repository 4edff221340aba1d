// Which page a request is for.
#pragma once

#include "page_api.hpp"
#include "request_guard.hpp"
#include "responses.hpp"
#include "tap_route.hpp"

namespace logpipe::web {

/// What is to be done for a request: the response is there, or one of the others makes it.
struct web_route {
    web_response response;
    bool produce = false;
    produce_request what;   ///< of a produce
    page_query query;       ///< for one of the page's own threads
    bool searches = false;  ///< the thread for queries that take long
    bool metrics = false;   ///< the server adds its own
    bool live = false;      ///< the stream of what happens
    tap_route tap = {};     ///< with a reader: its stream is the response
};

/// For those there are always connections.
[[nodiscard]] bool is_health_check(web_request const& request);

/// Calls `options.snapshot` where the page needs it. Thread: the caller's.
[[nodiscard]] web_route find_route(web_request const& request, web_options const& options, request_guard const& guard);

}  // namespace logpipe::web
