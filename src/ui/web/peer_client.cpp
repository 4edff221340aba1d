#include "peer_client.hpp"

#include "net/tls.hpp"

#include <utility>

namespace logpipe::web {

namespace {

constexpr std::size_t page_bytes_max = std::size_t{4} << 20U;

}  // namespace

result<net::http_target> make_peer_target(net::http_url const& url, peer_access const& access,
                                          net::http_timeouts timeouts) {
    net::http_server server{.address = url.server, .timeouts = timeouts, .body_bytes_max = page_bytes_max};
    if (url.tls)
        server.tls =
            net::tls_client_options{.ca_file = access.ca_file, .insecure_skip_verify = access.insecure_skip_verify};
    auto target = net::make_http_target(server);
    if (!target) return target;
    auto added = net::add_field(*target, "Accept", "application/json, text/plain");
    if (added && !access.token.empty()) added = net::add_field(*target, "Authorization", "Bearer " + access.token);
    if (!added) return added.error();
    return target;
}

error as_of_peer(error failure) {
    if (failure.code == errc::unauthorized) failure.code = errc::not_connected;
    if (failure.code == errc::too_large) failure.code = errc::protocol;
    return failure;
}

}  // namespace logpipe::web
