// Which proxy a request goes through, as the environment says: http_proxy, https_proxy, no_proxy, by the rules that
// curl and Go share. Pure.
#pragma once

#include "logpipe/result.hpp"
#include "net/address.hpp"
#include "net/http_url.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace logpipe::net {

struct proxy_settings {
    std::string http_proxy;   ///< of http requests; empty: none
    std::string https_proxy;  ///< of https requests; empty: none
    /// Servers that are reached directly, separated by commas: "*", a name with all below it, ".example.com", an
    /// address, or a network as 10.0.0.0/8; each but the network may end in ":PORT".
    std::string no_proxy;
};

/// The variables in lower case; HTTPS_PROXY and NO_PROXY also in upper case. HTTP_PROXY is not read: a CGI program's
/// client could set it by a field "Proxy:".
[[nodiscard]] proxy_settings proxy_settings_from_environment();

/// The proxy for requests to that server, none where they go there directly. A loopback address never has one.
/// @return errc::invalid_argument for a proxy URL that can never work; the message names the variable.
[[nodiscard]] result<std::optional<http_proxy>> find_proxy(proxy_settings const& settings, host_port const& server,
                                                           bool tls);

}  // namespace logpipe::net
