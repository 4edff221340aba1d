#include "net/http_url.hpp"

#include "core/clean_text.hpp"

#include <fmt/format.h>
#include <boost/url.hpp>

#include <charconv>
#include <iterator>
#include <optional>

namespace logpipe::net {

namespace {

namespace urls = boost::urls;

/// Everything but what RFC 3986 allows anywhere: unreserved and reserved characters and "%".
bool must_be_encoded(char c) noexcept {
    bool const letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return !letter && !std::string_view{"-._~:/?#[]@!$&'()*+,;=%"}.contains(c);
}

result<std::string> encoded(std::string_view url) {
    std::string out;
    for (char const c : url) {
        auto const byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) return error{errc::invalid_argument, "a URL must not hold control characters"};
        if (must_be_encoded(c)) {
            fmt::format_to(std::back_inserter(out), "%{:02X}", byte);
        } else {
            out.push_back(c);
        }
    }
    return out;
}

/// None where it is not from 1 to 65535. Not url.port_number(): that one wraps around.
std::optional<std::uint16_t> port_of(urls::url_view const& url, std::uint16_t port_default) {
    if (!url.has_port() || url.port().empty()) return port_default;
    auto const text = url.port();
    std::uint16_t number = 0;
    auto const read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc{} || number == 0) return std::nullopt;
    return number;
}

result<http_url> checked(urls::url_view const& url) {
    // Before any message that would show it.
    if (url.has_userinfo())
        return error{errc::invalid_argument, "a URL must not hold a user name or password: others can see it"};
    http_url made;
    made.text = std::string{url.buffer()};
    made.tls = url.scheme_id() == urls::scheme::https;
    if (!made.tls && url.scheme_id() != urls::scheme::http)
        return error{errc::invalid_argument,
                     fmt::format("{} is neither http:// nor https://: write it as http://HOST:PORT/PATH", made.text)};
    if (url.encoded_host().empty()) return error{errc::invalid_argument, fmt::format("{} names no host", made.text)};
    auto const port = port_of(url, made.tls ? 443 : 80);
    if (!port) return error{errc::invalid_argument, fmt::format("{}: the port must be 1 to 65535", made.text)};
    made.server = {.host = std::string{url.host_address()}, .port = *port};
    made.target = std::string{url.encoded_target()};
    if (!made.target.starts_with('/')) made.target.insert(0, "/");
    return made;
}

}  // namespace

result<http_url> parse_http_url(std::string_view url) {
    auto const text = encoded(url);
    if (!text) return text.error();
    auto const parsed = urls::parse_uri(*text);
    if (!parsed && text->contains('@')) return error{errc::invalid_argument, "not a URL"};  // may hold a password
    if (!parsed)
        return error{errc::invalid_argument,
                     fmt::format("\"{}\" is not a URL: write it as http://HOST:PORT/PATH or https://…", *text)};
    return checked(*parsed);
}

result<http_url> redirect(http_url const& from, std::string_view location) {
    auto const rejected = [&](std::string_view reason) {
        return error{errc::rejected, fmt::format("{} redirects to {}: {}", from.text, clean_line(location), reason)};
    };
    auto const text = encoded(location);
    auto const base = urls::parse_uri(from.text);
    if (!text || !base) return rejected("that is not a URL");
    auto const reference = urls::parse_uri_reference(*text);
    urls::url target;
    if (!reference || !urls::resolve(*base, *reference, target)) return rejected("that is not a URL");
    auto const to = checked(target);
    if (!to) return error{errc::rejected, fmt::format("{} redirects: {}", from.text, to.error().message)};
    if (from.tls && !to->tls) return rejected("from https to http, which anyone on the way could read and change");
    return *to;
}

result<http_proxy> parse_proxy_url(std::string_view url) {
    constexpr auto usage = "write a proxy as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT";
    auto const text = url.contains("://") ? std::string{url} : fmt::format("http://{}", url);
    auto const parsed = urls::parse_uri(text);
    if (!parsed || parsed->scheme_id() != urls::scheme::http || parsed->encoded_host().empty())
        return error{errc::invalid_argument, usage};
    auto const port = port_of(*parsed, 80);
    if (!port) return error{errc::invalid_argument, usage};
    return http_proxy{.server = {.host = std::string{parsed->host_address()}, .port = *port},
                      .username = parsed->user(),
                      .password = parsed->password()};
}

}  // namespace logpipe::net
