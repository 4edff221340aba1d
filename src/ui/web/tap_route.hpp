// `/api/tap?stage=…&sample=N&form=json|readable`: the parsed request.
#pragma once

#include "responses.hpp"

#include <memory>

namespace logpipe::web {

/// A stream that is to be sent, or the reason why not.
struct tap_route {
    web_response rejection;
    std::unique_ptr<tap_reader> reader;  ///< none: `rejection` says why
    bool readable = false;
};

[[nodiscard]] tap_route open_tap_route(std::string_view target, web_options const& options);

}  // namespace logpipe::web
