// "HOST:PORT", "[v6]:PORT", ":PORT".
#pragma once

#include "logpipe/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::net {

struct host_port {
    std::string host;  ///< without brackets; empty where only a port was given
    std::uint16_t port = 0;
};

/// @param port_default  0: a port must be given.
[[nodiscard]] result<host_port> parse_host_port(std::string_view text, std::uint16_t port_default = 0);
/// "HOST:PORT,HOST:PORT": at least one. @return errc::invalid_argument also for what is there twice, for port 0, and in
/// a list of several for one without a host
[[nodiscard]] result<std::vector<host_port>> parse_host_list(std::string_view text, std::uint16_t port_default);
/// Another process of ours: "HOST:PORT", or "https://HOST:PORT" where it speaks TLS.
struct peer_address {
    host_port where;
    bool tls = false;
};
[[nodiscard]] result<peer_address> parse_peer_address(std::string_view text);
/// "https://HOST:PORT"; without a host it is localhost.
[[nodiscard]] std::string to_url(peer_address const& peer);

/// A HOST that only this machine reaches: a loopback address, or localhost.
[[nodiscard]] bool is_loopback(std::string_view host);
[[nodiscard]] std::string to_text(host_port const& address);

}  // namespace logpipe::net
