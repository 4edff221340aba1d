// `/api/dead-letters` and `/api/dead-letters/retry`.
#pragma once

#include "query_string.hpp"
#include "responses.hpp"

namespace logpipe::web {

[[nodiscard]] web_response dead_letters_response(dead_letter_admin& admin, query_pairs const& query);
/// @param body  {"ids":["…"]} or {"all":true}
[[nodiscard]] web_response retry_response(dead_letter_admin& admin, std::string_view body);

}  // namespace logpipe::web
