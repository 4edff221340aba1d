// How ends are named: SCHEME:REST?KEY=VALUE&….
#pragma once

#include "logpipe/descriptor.hpp"
#include "logpipe/result.hpp"

#include <string>
#include <string_view>

namespace logpipe {

/// "-" is "file:-", and what has no scheme is a path as it is. In what has one, a ? begins the parameters, and %3F and
/// %25 stand for ? and %. The query of http(s) belongs to the server and stays in `whole`.
/// @return errc::invalid_argument for a malformed query.
[[nodiscard]] result<end_uri> parse_uri(std::string_view text);
/// The URI of a file's path, whatever is in it.
[[nodiscard]] std::string file_uri(std::string_view path);

/// AUTHORITY/NAME, each there once.
struct named_authority {
    std::string authority;
    std::string name;
};
/// @param form  for the error, "kafka://HOST:PORT/TOPIC". @return errc::invalid_argument for another form
[[nodiscard]] result<named_authority> split_authority(end_uri const& uri, std::string_view form);
/// The same with this after its path, before its parameters.
[[nodiscard]] std::string with_suffix(std::string_view uri, std::string_view suffix);

}  // namespace logpipe
