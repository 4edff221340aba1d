// Where an http:// or https:// URL points to, and where its redirects may lead. Pure.
#pragma once

#include "logpipe/result.hpp"

#include <string>
#include <string_view>

namespace logpipe::http {

struct http_address {
    bool tls = false;
    std::string host;        ///< to connect to and to verify: a name or an IP address, without brackets
    std::string port;        ///< a number
    std::string host_field;  ///< for the request's Host field
    std::string target;      ///< path and query, percent-encoded; starts with "/"
    std::string text;        ///< the URL, for people

    friend bool operator==(http_address const&, http_address const&) = default;
};

/// Bytes that no URL may hold, as spaces in a path, are percent-encoded.
/// @return errc::invalid_argument for what is no such URL, or holds a user name or password: secrets do not stand in a
/// URI.
[[nodiscard]] result<http_address> parse_http_address(std::string_view url);

/// @param location  absolute or relative.
/// @return errc::rejected where it leads from https to http or to something else.
[[nodiscard]] result<http_address> redirect(http_address const& from, std::string_view location);

}  // namespace logpipe::http
