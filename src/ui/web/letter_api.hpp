// `/api/letters` and `/api/letters/retry`.
#pragma once

#include "answers.hpp"
#include "query_string.hpp"

namespace logpipe::web {

[[nodiscard]] web_answer letters_answer(letter_desk& desk, query_pairs const& query);
/// @param body  {"ids":["…"]} or {"all":true}
[[nodiscard]] web_answer retry_answer(letter_desk& desk, std::string_view body);

}  // namespace logpipe::web
