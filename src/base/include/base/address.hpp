// "HOST:PORT", "[v6]:PORT", ":PORT".
#pragma once

#include "logpipe/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace logpipe {

struct host_port {
    std::string host;  ///< without brackets; empty where only a port was given
    std::uint16_t port = 0;
};

/// @param port_default  0: a port must be given.
[[nodiscard]] result<host_port> parse_host_port(std::string_view text, std::uint16_t port_default = 0);
[[nodiscard]] std::string to_text(host_port const& address);

}  // namespace logpipe
