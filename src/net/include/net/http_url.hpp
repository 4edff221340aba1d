// URLs of http and https: which server, which target, and where a redirect leads. Pure.
#pragma once

#include "logpipe/result.hpp"
#include "net/address.hpp"

#include <string>
#include <string_view>

namespace logpipe::net {

struct http_url {
    bool tls = false;
    host_port server;
    std::string target;  ///< path and query, percent-encoded; starts with "/"
    std::string text;    ///< the URL, for people
};

/// Bytes that no URL may hold, as spaces in a path, are percent-encoded.
/// @return errc::invalid_argument for anything but such a URL, and for one with a user name or password: secrets do not
/// belong in a URL.
[[nodiscard]] result<http_url> parse_http_url(std::string_view url);

/// @param location  absolute or relative.
/// @return errc::rejected where it leads from https to http or to another scheme.
[[nodiscard]] result<http_url> redirect(http_url const& from, std::string_view location);

/// An HTTP proxy, as http_proxy and https_proxy name it.
struct http_proxy {
    host_port server;
    std::string username;
    std::string password;
};
/// "http://[USER:PASSWORD@]HOST[:PORT]"; the scheme may be left out, the default port is 80.
/// @return errc::invalid_argument; the message never holds the password.
[[nodiscard]] result<http_proxy> parse_proxy_url(std::string_view url);

}  // namespace logpipe::net
