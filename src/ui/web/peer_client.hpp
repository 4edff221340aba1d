// HTTP requests to another process of ours, and to the servers beside it.
#pragma once

#include "net/http_client.hpp"
#include "net/http_url.hpp"
#include "web/web.hpp"

namespace logpipe::web {

/// @return errc::invalid_argument for a file or token that can never work
[[nodiscard]] result<net::http_target> make_peer_target(net::http_url const& url, peer_access const& access,
                                                        net::http_timeouts timeouts);

/// The failure of a request, in the codes that the functions of web.hpp promise: a certificate that is not trusted is
/// no connection, and too long a response breaks the protocol.
[[nodiscard]] error as_of_peer(error failure);

}  // namespace logpipe::web
