#include "net/http_proxy.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include <algorithm>
#include <cstdlib>
#include <ranges>
#include <utility>

namespace logpipe::net {

namespace {

namespace ip = boost::asio::ip;

std::string variable(char const* lower, char const* upper) {
    for (auto const* name : {lower, upper})
        if (name != nullptr)
            if (auto const* value = std::getenv(name); value != nullptr && *value != '\0') return value;
    return {};
}

std::string lower(std::string_view text) {
    std::string out{text};
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

std::string_view trimmed(std::string_view text) noexcept {
    auto const first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_in_network(std::string const& host, std::string const& network) {
    boost::system::error_code failed;
    auto const address = ip::make_address(host, failed);
    if (failed) return false;
    if (address.is_v4()) {
        auto const of = ip::make_network_v4(network, failed);
        return !failed && (address.to_v4().to_uint() & of.netmask().to_uint()) == of.network().to_uint();
    }
    auto const of = ip::make_network_v6(network, failed);
    if (failed) return false;
    // The networks of that length around both addresses are one.
    return ip::network_v6(address.to_v6(), static_cast<unsigned short>(of.prefix_length())).canonical() ==
           of.canonical();
}

/// @param host  in lower case
bool is_exempt(std::string_view entry, std::string const& host, std::uint16_t port) {
    if (entry == "*") return true;
    auto pattern = lower(entry);
    if (pattern.contains('/')) return is_in_network(host, pattern);
    // A bare IPv6 address has several colons; one with a port has brackets.
    if (pattern.starts_with('[') || std::ranges::count(pattern, ':') == 1) {
        auto parsed = parse_host_port(pattern, port);
        if (!parsed || parsed->port != port) return false;
        pattern = std::move(parsed->host);
    }
    auto const name = std::string_view{pattern}.substr(pattern.starts_with('.') ? 1 : 0);
    if (name.empty()) return false;
    if (host == name) return true;
    return host.ends_with(name) && host[host.size() - name.size() - 1] == '.';
}

}  // namespace

proxy_settings proxy_settings_from_environment() {
    return {.http_proxy = variable("http_proxy", nullptr),
            .https_proxy = variable("https_proxy", "HTTPS_PROXY"),
            .no_proxy = variable("no_proxy", "NO_PROXY")};
}

result<std::optional<http_proxy>> find_proxy(proxy_settings const& settings, host_port const& server, bool tls) {
    auto const& url = tls ? settings.https_proxy : settings.http_proxy;
    if (url.empty() || is_loopback(server.host)) return std::nullopt;
    auto const host = lower(server.host);
    for (auto const part : std::views::split(settings.no_proxy, ','))
        if (is_exempt(trimmed(std::string_view{part}), host, server.port)) return std::nullopt;
    auto proxy = parse_proxy_url(url);
    if (!proxy) return in_context(tls ? "https_proxy" : "http_proxy", proxy.error());
    return std::optional{*std::move(proxy)};
}

}  // namespace logpipe::net
