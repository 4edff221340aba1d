// The log_format of nginx's own configuration.
#pragma once

#include "logpipe/result.hpp"

#include <string>
#include <string_view>

namespace logpipe::formats {

/// @param path  nginx.conf; what it includes is read as well, relative to its folder
/// @param name  of a log_format; empty: the one that the first access_log with a format names, else combined
/// @return a format that parser_of() knows: the string, or "json" where it writes an object. errc::invalid_argument
/// where there is none of that name, or it cannot be compiled; errc::not_found for a file.
[[nodiscard]] result<std::string> nginx_log_format(std::string const& path, std::string_view name);

}  // namespace logpipe::formats
