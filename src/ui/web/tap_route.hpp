// `/api/tap?stage=…&sample=N&form=json|readable`: what is asked for.
#pragma once

#include "responses.hpp"

#include <memory>

namespace logpipe::web {

/// A stream that is to be sent, or why there is none.
struct tap_route {
    web_response rejection;
    std::unique_ptr<tap_reader> reader;  ///< none: the refusal stands
    bool readable = false;
};

[[nodiscard]] tap_route open_tap_route(std::string_view target, web_options const& options);

}  // namespace logpipe::web
