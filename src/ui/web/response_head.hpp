// What comes before a response's body.
#pragma once

#include "responses.hpp"

#include <string>

namespace logpipe::web {

struct response_form {
    unsigned version = 11;
    bool keep_alive = false;
    bool head_only = false;
};

/// Status line, fields, and the empty line after them. `head_only` changes nothing of it (RFC 9110 section 9.3.2).
[[nodiscard]] std::string response_head(web_response const& response, response_form const& form);
/// The same of a stream of events, which ends with the connection.
[[nodiscard]] std::string live_head();

}  // namespace logpipe::web
