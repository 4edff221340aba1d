#include "net/address.hpp"

#include <fmt/format.h>
#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <charconv>
#include <ranges>

namespace logpipe::net {

result<host_port> parse_host_port(std::string_view text, std::uint16_t port_default) {
    auto const bad = [&](std::string_view reason) {
        return error{errc::invalid_argument,
                     fmt::format("invalid address \"{}\": expected HOST:PORT; {}", text, reason)};
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

result<std::vector<host_port>> parse_host_list(std::string_view text, std::uint16_t port_default) {
    auto const bad = [&](std::string_view reason) {
        return error{errc::invalid_argument,
                     fmt::format("invalid list of hosts \"{}\": expected HOST:PORT,HOST:PORT; {}", text, reason)};
    };
    if (text.contains("://")) return bad("all of them share the scheme at its beginning");
    std::vector<host_port> hosts;
    for (auto const part : std::views::split(text, ',')) {
        std::string_view const one{part};
        if (one.empty() && text.contains(',')) return bad("one is empty");
        auto host = parse_host_port(one, port_default);
        if (!host) return host.error();
        if (host->port == 0) return bad("a port must be a number from 1 to 65535");
        if (host->host.empty() && text.contains(',')) return bad(fmt::format("\"{}\" has no host", one));
        auto const is_same = [&](host_port const& each) { return to_text(each) == to_text(*host); };
        if (std::ranges::any_of(hosts, is_same)) return bad(fmt::format("{} is there twice", to_text(*host)));
        hosts.push_back(*std::move(host));
    }
    return hosts;
}

result<peer_address> parse_peer_address(std::string_view text) {
    constexpr std::string_view scheme = "https://";
    bool const tls = text.starts_with(scheme);
    auto where = parse_host_port(tls ? text.substr(scheme.size()) : text);
    if (!where) return where.error();
    return peer_address{.where = *std::move(where), .tls = tls};
}

std::string to_url(peer_address const& peer) {
    auto where = peer.where;
    if (where.host.empty()) where.host = "localhost";
    return fmt::format("{}://{}", peer.tls ? "https" : "http", to_text(where));
}

bool is_loopback(std::string_view host) {
    boost::system::error_code failed;
    auto const address = boost::asio::ip::make_address(host, failed);
    return failed ? host == "localhost" : address.is_loopback();
}

std::string to_text(host_port const& address) {
    if (address.host.contains(':')) return fmt::format("[{}]:{}", address.host, address.port);
    return fmt::format("{}:{}", address.host, address.port);
}

}  // namespace logpipe::net
