// The formats of logs in nginx's own configuration.
#pragma once

#include "formats/normalize.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace logpipe::formats {

struct nginx_formats {
    /// One that parser_of() knows: the string of a log_format, or "json" where it writes an object.
    std::string format;
    /// Of each file that an access_log or error_log names, and no other of them with another format; those without
    /// variables first. A relative path is any that ends so, as nginx's prefix is not known.
    std::vector<file_format> files;
};

/// @param path  nginx.conf; what it includes is read as well, relative to its folder
/// @param name  of a log_format for all files; empty: each file's own, and for others the one that the first access_log
/// with a format names, else combined
/// @return errc::invalid_argument where there is none of that name, or it cannot be compiled; errc::not_found for a
/// file.
[[nodiscard]] result<nginx_formats> nginx_log_formats(std::string const& path, std::string_view name);

}  // namespace logpipe::formats
