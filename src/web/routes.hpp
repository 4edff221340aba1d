// Which page a request is for.
#pragma once

#include "answers.hpp"
#include "page_api.hpp"
#include "request_guard.hpp"
#include "tap_route.hpp"

namespace logpipe {

/// What is to be done for a request: the answer stands, or one of the others makes it.
struct web_route {
    web_answer answer;
    bool produce = false;
    produce_request what;    ///< of a produce
    page_question question;  ///< for the page's own thread
    bool live = false;       ///< the stream of what happens
    tap_route tap = {};      ///< with a reader: its stream is the answer
};

/// Calls `options.look` where the page needs it. Thread: the caller's.
[[nodiscard]] web_route find_route(web_request const& request, web_options const& options, request_guard const& guard);

}  // namespace logpipe
