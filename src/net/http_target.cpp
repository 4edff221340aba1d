#include "net/http_target.hpp"

#include "codec/base64.hpp"

#include <fmt/format.h>

#include <sys/un.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace logpipe::net {

namespace {

std::string basic(std::string_view username, std::string_view password) {
    auto const secret = fmt::format("{}:{}", username, password);
    std::string encoded(codec::base64_bytes(secret.size()), '\0');
    codec::write_base64(encoded.data(), secret);
    return "Basic " + encoded;
}

/// RFC 9110 section 7.2: the port is left out where it is the scheme's own.
std::string host_field(http_target const& target) {
    if (!target.socket_path.empty()) return "localhost";
    auto const whole = to_text(target.address);
    bool const usual = target.address.port == (target.tls ? 443 : 80);
    return usual ? whole.substr(0, whole.rfind(':')) : whole;
}

std::string proxy_login(http_proxy const& proxy) {
    if (proxy.username.empty() && proxy.password.empty()) return {};
    return fmt::format("Proxy-Authorization: {}\r\n", basic(proxy.username, proxy.password));
}

}  // namespace

result<http_target> make_http_target(http_server const& server) {
    http_target target;
    target.address = server.address;
    if (target.address.host.empty()) target.address.host = "127.0.0.1";
    target.socket_path = server.socket_path;
    target.path_prefix = server.path_prefix;
    if (target.socket_path.size() >= sizeof(sockaddr_un::sun_path))
        return error{errc::invalid_argument, fmt::format("{} is too long for a socket's path", target.socket_path)};
    target.name = target.socket_path.empty() ? to_text(target.address) : target.socket_path;
    target.timeouts = server.timeouts;
    target.body_bytes_max = server.body_bytes_max;
    if (server.tls) {
        auto made = make_tls_client(*server.tls);
        if (!made) return made.error();
        target.tls.emplace(*std::move(made));
    }
    if (server.route == http_route::by_environment && target.socket_path.empty()) {
        auto proxy = find_proxy(proxy_settings_from_environment(), target.address, target.tls.has_value());
        if (!proxy) return proxy.error();
        target.proxy = *std::move(proxy);
    }
    return target;
}

result<std::vector<http_target>> make_http_targets(std::string_view addresses, std::uint16_t usual_port,
                                                   http_server server) {
    auto const hosts = parse_host_list(addresses, usual_port);
    if (!hosts) return hosts.error();
    std::vector<http_target> targets;
    for (auto const& each : *hosts) {
        server.address = each;
        auto target = make_http_target(server);
        if (!target) return target.error();
        targets.push_back(*std::move(target));
    }
    return targets;
}

std::vector<std::string> names_of(std::vector<http_target> const& targets) {
    std::vector<std::string> names;
    for (auto const& each : targets) names.push_back(each.name);
    return names;
}

result<> add_field(http_target& to, std::string_view name, std::string_view value) {
    if (value.find_first_of(std::string_view{"\r\n\0", 3}) != std::string_view::npos)
        return error{errc::invalid_argument, fmt::format("the value of {} has a line break", name)};
    fmt::format_to(std::back_inserter(to.fields), "{}: {}\r\n", name, value);
    return {};
}

result<> add_login(http_target& to, std::string_view username, std::string_view password) {
    if (username.empty() != password.empty())
        return error{errc::invalid_argument, "user name and password go together: give both or neither"};
    if (username.empty()) return {};
    if (username.contains(':')) return error{errc::invalid_argument, "a user name cannot have a colon"};
    return add_field(to, "Authorization", basic(username, password));
}

result<std::string> write_head(http_request const& request, http_target const& target) {
    auto const breaks = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; };
    if (std::ranges::any_of(request.path, breaks))
        return error{errc::invalid_argument, "the path of a request must be percent-encoded"};
    auto const host = host_field(target);
    // A proxy that forwards the request itself needs the whole URL (RFC 9112 section 3.2.2); through a tunnel it is
    // the server that reads it.
    bool const forwarded = target.proxy && !target.tls;
    auto head = fmt::format("{} {}{}{}{} HTTP/1.1\r\nHost: {}\r\nUser-Agent: logpipe\r\n{}{}", request.method,
                            forwarded ? "http://" : "", forwarded ? host : "", target.path_prefix, request.path, host,
                            target.fields, request.fields);
    if (forwarded) head += proxy_login(*target.proxy);
    if (!request.body.empty() || (request.method != "GET" && request.method != "HEAD"))
        fmt::format_to(std::back_inserter(head), "Content-Type: {}\r\nContent-Length: {}\r\n", request.content_type,
                       request.body.size());
    if (request.compressed) head += "Content-Encoding: gzip\r\n";
    if (!request.keep_alive) head += "Connection: close\r\n";
    return head + "\r\n";
}

std::string write_connect(http_target const& target) {
    auto const server = to_text(target.address);
    return fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\nUser-Agent: logpipe\r\n{1}\r\n", server,
                       target.proxy ? proxy_login(*target.proxy) : std::string{});
}

std::optional<std::string> host_failure(result<http_response> const& response, std::string_view server) {
    if (response) {
        auto const status = response->status;
        if (status < 502 || status > 504) return std::nullopt;
        return fmt::format("{}: HTTP {}", server, status);
    }
    auto const code = response.error().code;
    if (code == errc::too_large || code == errc::invalid_argument) return std::nullopt;
    return response.error().message;
}

}  // namespace logpipe::net
