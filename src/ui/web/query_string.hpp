// The query of a request target, parsed strictly.
#pragma once

#include "logpipe/result.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logpipe::web {

using query_pairs = std::vector<std::pair<std::string, std::string>>;

/// The path of a request target: without the query, and without scheme and host where a client writes the whole URL
/// (RFC 9112 section 3.2.2).
[[nodiscard]] std::string_view path_of(std::string_view target);

/// @return errc::invalid_argument for broken escapes, control characters, and what is not UTF-8 once decoded.
[[nodiscard]] result<query_pairs> parse_query(std::string_view target);

/// A number of digits only, within [least, most]. @return errc::invalid_argument, which names it
[[nodiscard]] result<std::int64_t> parse_number(std::string_view name, std::string_view text, std::int64_t least,
                                                std::int64_t most);

}  // namespace logpipe::web
