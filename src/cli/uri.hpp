// How ends are named: SCHEME:REST?KEY=VALUE&….
#pragma once

#include "logpipe/result.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logpipe::cli {

struct end_uri {
    std::string scheme;
    std::string rest;  ///< behind the colon, without "//" and without the query
    std::vector<std::pair<std::string, std::string>> query;
    std::string whole;
};

/// "-" is "file:-", and what has no scheme is a path. The query of http(s) belongs to the server and stays in `whole`.
/// @return errc::invalid_argument for a malformed query.
[[nodiscard]] result<end_uri> parse_uri(std::string_view text);

}  // namespace logpipe::cli
