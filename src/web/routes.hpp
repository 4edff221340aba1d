// Which page a request is for.
#pragma once

#include "answers.hpp"

namespace logpipe {

/// What is to be done for a request: the answer stands, or a produce run makes it.
struct web_route {
    web_answer answer;
    bool produce = false;
};

/// Calls `options.look` where the page needs it. Thread: the caller's.
[[nodiscard]] web_route find_route(web_request const& request, web_options const& options);

}  // namespace logpipe
