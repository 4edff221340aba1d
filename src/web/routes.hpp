// Which page a request is for.
#pragma once

#include "answers.hpp"
#include "tap_route.hpp"

namespace logpipe {

/// What is to be done for a request: the answer stands, or a produce run or a tap makes it.
struct web_route {
    web_answer answer;
    bool produce = false;
    tap_route tap = {};  ///< with a reader: its stream is the answer
};

/// Calls `options.look` where the page needs it. Thread: the caller's.
[[nodiscard]] web_route find_route(web_request const& request, web_options const& options);

}  // namespace logpipe
