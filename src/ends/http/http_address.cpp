#include "http_address.hpp"

#include "core/clean_text.hpp"

#include <fmt/format.h>
#include <boost/url.hpp>

#include <charconv>
#include <iterator>

namespace logpipe::http {

namespace {

namespace urls = boost::urls;

/// What RFC 3986 gives no place at all: everything but unreserved and reserved characters and "%".
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

result<http_address> address_of(urls::url_view const& url) {
    // Before any message that would show it.
    if (url.has_userinfo())
        return error{errc::invalid_argument, "a URL must not hold a user name or password: others can see it"};
    http_address made;
    made.text = std::string{url.buffer()};
    made.tls = url.scheme_id() == urls::scheme::https;
    if (!made.tls && url.scheme_id() != urls::scheme::http)
        return error{errc::invalid_argument, fmt::format("{} is neither http:// nor https://", made.text)};
    if (url.encoded_host().empty()) return error{errc::invalid_argument, fmt::format("{} names no host", made.text)};
    made.host = std::string{url.host_address()};
    made.host_field = std::string{url.encoded_host()};
    made.port = made.tls ? "443" : "80";
    if (url.has_port() && !url.port().empty()) {
        // Not url.port_number(): that one wraps around.
        auto const port = url.port();
        unsigned number = 0;
        auto const read = std::from_chars(port.data(), port.data() + port.size(), number);
        if (read.ec != std::errc{} || number == 0 || number > 65'535)
            return error{errc::invalid_argument, fmt::format("{}: the port must be 1 to 65535", made.text)};
        made.port = std::to_string(number);
        made.host_field += ":" + made.port;
    }
    made.target = std::string{url.encoded_target()};
    if (!made.target.starts_with('/')) made.target.insert(0, "/");
    return made;
}

}  // namespace

result<http_address> parse_http_address(std::string_view url) {
    auto const text = encoded(url);
    if (!text) return text.error();
    auto const parsed = urls::parse_uri(*text);
    if (!parsed && text->contains('@')) return error{errc::invalid_argument, "this is no URL"};  // may hold a password
    if (!parsed) return error{errc::invalid_argument, fmt::format("{} is no URL", *text)};
    return address_of(*parsed);
}

result<http_address> redirect(http_address const& from, std::string_view location) {
    auto const refused = [&](std::string_view why) {
        return error{errc::rejected, fmt::format("{} redirects to {}: {}", from.text, clean_line(location), why)};
    };
    auto const text = encoded(location);
    auto const base = urls::parse_uri(from.text);
    if (!text || !base) return refused("that is no URL");
    auto const reference = urls::parse_uri_reference(*text);
    urls::url target;
    if (!reference || !urls::resolve(*base, *reference, target)) return refused("that is no URL");
    auto const to = address_of(target);
    if (!to) return error{errc::rejected, fmt::format("{} redirects: {}", from.text, to.error().message)};
    if (from.tls && !to->tls) return refused("from https to http, which anyone on the way could read and change");
    return *to;
}

}  // namespace logpipe::http
