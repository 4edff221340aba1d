#include "base/address.hpp"

#include <fmt/format.h>

#include <charconv>

namespace logpipe {

result<host_port> parse_host_port(std::string_view text, std::uint16_t port_default) {
    auto const bad = [&](std::string_view why) {
        return error{errc::invalid_argument, fmt::format("\"{}\" is no HOST:PORT: {}", text, why)};
    };
    std::string_view host = text;
    std::string_view port;
    bool has_port = false;
    if (text.starts_with('[')) {
        auto const end = text.find(']');
        if (end == std::string_view::npos) return bad("the bracket is not closed");
        host = text.substr(1, end - 1);
        auto const rest = text.substr(end + 1);
        if (!rest.empty() && !rest.starts_with(':')) return bad("expected :PORT after the bracket");
        has_port = !rest.empty();
        if (has_port) port = rest.substr(1);
    } else if (auto const colon = text.rfind(':'); colon != std::string_view::npos) {
        host = text.substr(0, colon);
        port = text.substr(colon + 1);
        has_port = true;
        if (host.contains(':')) return bad("write an IPv6 address in brackets, as [::1]:24224");
    }
    std::uint16_t number = port_default;
    if (has_port) {
        auto const [end, failed] = std::from_chars(port.data(), port.data() + port.size(), number);
        if (failed != std::errc{} || end != port.data() + port.size())
            return bad("the port must be a number from 0 to 65535");
    } else if (port_default == 0) {
        return bad("the port is missing");
    }
    return host_port{.host = std::string{host}, .port = number};
}

std::string to_text(host_port const& address) {
    if (address.host.contains(':')) return fmt::format("[{}]:{}", address.host, address.port);
    return fmt::format("{}:{}", address.host, address.port);
}

}  // namespace logpipe
