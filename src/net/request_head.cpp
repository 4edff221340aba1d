#include "net/request_head.hpp"

#include <fmt/format.h>
#include <boost/asio/ip/address_v6.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace logpipe::net {

namespace {

constexpr std::string_view blanks = " \t";
constexpr std::string_view digits = "0123456789";
constexpr std::string_view token_signs = "!#$%&'*+-.^_`|~";
constexpr std::string_view name_signs = "-._~";

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// RFC 9110 section 5.6.2: what methods and field names are made of.
bool is_token(std::string_view text) {
    return !text.empty() &&
           std::ranges::all_of(text, [](char c) { return is_letter(c) || is_digit(c) || token_signs.contains(c); });
}

bool is_name(std::string_view text) {
    return !text.empty() &&
           std::ranges::all_of(text, [](char c) { return is_letter(c) || is_digit(c) || name_signs.contains(c); });
}

bool is_value_byte(char c) {
    auto const byte = static_cast<unsigned char>(c);
    return c == '\t' || (byte >= 0x20 && byte != 0x7f);
}

bool is_target_byte(char c) {
    return c > ' ' && c < '\x7f' && c != '#';
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_equal(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view trimmed(std::string_view text) {
    auto const begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

head_fault fault(std::string reason, unsigned status = 400) {
    return {.status = status, .reason = std::move(reason)};
}

/// What a second one of these would say is anybody's guess.
constexpr std::array<std::string_view, 8> given_once{"host",   "content-length", "content-type",   "authorization",
                                                     "origin", "referer",        "sec-fetch-site", "expect"};

std::optional<head_fault> check_absolute_target(std::string_view target) {
    auto const scheme = target.substr(0, target.find("://"));
    if (is_equal(scheme, "https")) return fault("This address does not use TLS: use http.", 421);
    if (!is_equal(scheme, "http")) return fault("The target's scheme must be http.");
    if (!is_host(authority_of(target))) return fault("The target's host must be HOST or HOST:PORT.");
    return std::nullopt;
}

std::optional<head_fault> check_target(std::string_view method, std::string_view target) {
    if (!std::ranges::all_of(target, is_target_byte))
        return fault("The target must be of printable ASCII, escaped where it is not, and without a fragment.");
    if (method == "CONNECT") return fault("This is not a proxy.", 501);
    if (target.starts_with('/') || (target == "*" && method == "OPTIONS")) return std::nullopt;
    if (target.contains("://")) return check_absolute_target(target);
    return fault("The target must be a path that begins with a slash.");
}

std::optional<head_fault> check_version(std::string_view version) {
    constexpr std::string_view name = "HTTP/";
    bool const formed = version.size() == 8 && version.starts_with(name) && is_digit(version[5]) && version[6] == '.' &&
                        is_digit(version[7]);
    if (!formed) return fault("A request line is METHOD TARGET HTTP/1.1, with single spaces.");
    if (version != "HTTP/1.1" && version != "HTTP/1.0") return fault("This server speaks HTTP/1.1.", 505);
    return std::nullopt;
}

}  // namespace

bool is_host(std::string_view text) {
    auto port = std::string_view{};
    if (text.starts_with('[')) {
        auto const end = text.find(']');
        if (end == std::string_view::npos) return false;
        boost::system::error_code failed;
        auto const address = text.substr(1, end - 1);
        if (address.contains('%')) return false;  // a zone means something on the client's machine only
        boost::asio::ip::make_address_v6(std::string{address}, failed);
        if (failed) return false;
        port = text.substr(end + 1);
    } else {
        auto const name = text.substr(0, text.find(':'));
        if (!is_name(name)) return false;
        port = text.substr(name.size());
    }
    if (port.empty()) return true;
    port.remove_prefix(1);
    return text[text.size() - port.size() - 1] == ':' && port.size() <= 5 &&
           port.find_first_not_of(digits) == std::string_view::npos;
}

std::string_view authority_of(std::string_view target) {
    auto const scheme = target.find("://");
    if (target.starts_with('/') || scheme == std::string_view::npos) return {};
    auto const rest = target.substr(scheme + 3);
    return rest.substr(0, rest.find_first_of("/?"));
}

std::optional<head_fault> request_head::check(std::string_view bytes) {
    while (!complete_) {
        auto const rest = bytes.substr(line_begin_);
        auto const end = rest.find('\n');
        if (line_begin_ + std::min(end, rest.size()) >= bytes_max_) return too_large();
        if (end == std::string_view::npos) return check_beginning(rest);
        if (end == 0 || rest[end - 1] != '\r') return fault("Every line of a head must end with CR LF.");
        if (auto wrong = check_line(rest.substr(0, end - 1))) return wrong;
        line_begin_ += end + 1;
    }
    return std::nullopt;
}

/// Of a line that is still to end: what cannot become one is rejected at once, as a TLS client's first bytes.
std::optional<head_fault> request_head::check_beginning(std::string_view part) const {
    if (part.ends_with('\r')) part.remove_suffix(1);
    if (!std::ranges::all_of(part, is_value_byte)) return fault("A head must have no control characters.");
    auto const method = part.substr(0, part.find(' '));
    if (line_begin_ == 0 && !method.empty() && !is_token(method)) return fault("A request begins with its method.");
    return std::nullopt;
}

head_fault request_head::too_large() const {
    // The request line is the first one: RFC 9112 section 3 has a separate status for a long target.
    if (line_begin_ == 0) return fault(fmt::format("The request line has more than {} bytes.", bytes_max_), 414);
    return fault(fmt::format("The header has more than {} bytes.", bytes_max_), 431);
}

std::optional<head_fault> request_head::check_line(std::string_view line) {
    if (line_begin_ == 0) return check_request_line(line);
    if (!line.empty()) return check_field(line);
    complete_ = true;
    return check_whole();
}

std::optional<head_fault> request_head::check_request_line(std::string_view line) {
    auto const method = line.substr(0, line.find(' '));
    if (!is_token(method)) return fault("A request begins with its method.");
    auto const left = line.substr(std::min(line.size(), method.size() + 1));
    auto const target = left.substr(0, left.find(' '));
    auto const version = left.substr(std::min(left.size(), target.size() + 1));
    if (auto wrong = check_version(version)) return wrong;
    is_http_1_0_ = version == "HTTP/1.0";
    return check_target(method, target);
}

std::optional<head_fault> request_head::check_field(std::string_view line) {
    if (++fields_ > fields_max) return fault(fmt::format("The header has more than {} fields.", fields_max), 431);
    if (blanks.contains(line.front())) return fault("A field must not continue on a second line.");
    auto const colon = line.find(':');
    if (colon == std::string_view::npos) return fault("A field is NAME: VALUE.");
    auto const name = line.substr(0, colon);
    if (!is_token(name)) return fault("A field's name must be a token, and its colon must follow at once.");
    auto const value = line.substr(colon + 1);
    if (!std::ranges::all_of(value, is_value_byte)) return fault("A field must have no control characters.");
    return check_value(name, trimmed(value));
}

std::optional<head_fault> request_head::check_value(std::string_view name, std::string_view value) {
    auto const once = std::ranges::find_if(given_once, [&](auto each) { return is_equal(each, name); });
    if (once != given_once.end()) {
        auto const bit = std::uint32_t{1} << static_cast<unsigned>(once - given_once.begin());
        if ((seen_ & bit) != 0) return fault(fmt::format("{} must be given once.", *once));
        seen_ |= bit;
        if (*once == "host" && !is_host(value)) return fault("Host must be HOST or HOST:PORT.");
        if (*once == "content-length" && (value.empty() || value.find_first_not_of(digits) != std::string_view::npos))
            return fault("Content-Length must be a number of bytes.");
        constexpr std::size_t length_digits_max = 18;  // more do not fit into what counts them
        if (*once == "content-length" && value.size() > length_digits_max) return fault("The body is too large.", 413);
        if (*once == "expect" && !is_equal(value, "100-continue"))
            return fault("Nothing but 100-continue can be expected.", 417);
    } else if (is_equal(name, "transfer-encoding")) {
        if (std::exchange(has_codings_, true)) codings_ += ',';
        codings_ += value;
    }
    return std::nullopt;
}

std::optional<head_fault> request_head::check_whole() const {
    auto const has = [&](std::string_view name) {
        auto const slot = std::ranges::find(given_once, name) - given_once.begin();
        return (seen_ >> static_cast<unsigned>(slot) & 1U) != 0;
    };
    if (!is_http_1_0_ && !has("host")) return fault("A request must have one Host field.");
    if (!has_codings_) return std::nullopt;
    if (is_http_1_0_) return fault("HTTP/1.0 has no Transfer-Encoding.");
    if (has("content-length")) return fault("A request must have Content-Length or Transfer-Encoding, not both.");
    return check_codings();
}

/// RFC 9112 section 6.3: where `chunked` is not the last one, nobody can say where the body ends.
std::optional<head_fault> request_head::check_codings() const {
    std::size_t chunked = 0;
    std::size_t unknown = 0;
    bool chunked_is_last = false;
    for (std::string_view left = codings_;;) {
        auto const end = left.find(',');
        auto const one = trimmed(left.substr(0, end));
        if (one.empty()) return fault("Transfer-Encoding must not have empty elements.");
        chunked_is_last = is_equal(one, "chunked");
        ++(chunked_is_last ? chunked : unknown);
        if (end == std::string_view::npos) break;
        left.remove_prefix(end + 1);
    }
    if (!chunked_is_last || chunked > 1) return fault("Transfer-Encoding must have chunked once, as its last element.");
    if (unknown > 0) return fault("This server knows no Transfer-Encoding but chunked.", 501);
    return std::nullopt;
}

}  // namespace logpipe::net
