#include "response_head.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <boost/beast/http/status.hpp>

#include <ctime>
#include <iterator>
#include <string_view>

namespace logpipe::web {

namespace {

/// Nothing is kept, nothing comes from elsewhere, nothing is written into the page, nobody's frame is around it.
constexpr std::string_view safety =
    "Cache-Control: no-store\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src "
    "'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n";

std::string_view reason_of(unsigned status) {
    auto const reason = boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
    return {reason.data(), reason.size()};
}

/// What differs from the version's own rule.
std::string_view connection_field(response_form const& form) {
    if (form.version >= 11) return form.keep_alive ? "" : "Connection: close\r\n";
    return form.keep_alive ? "Connection: keep-alive\r\n" : "";
}

}  // namespace

std::string response_head(web_response const& response, response_form const& form) {
    std::string head;
    auto out = std::back_inserter(head);
    fmt::format_to(out, "HTTP/{}.{} {} {}\r\nDate: {:%a, %d %b %Y %H:%M:%S GMT}\r\nContent-Type: {}\r\n{}",
                   form.version / 10, form.version % 10, response.status, reason_of(response.status),
                   fmt::gmtime(std::time(nullptr)), response.content_type, safety);
    if (!response.set_cookie.empty()) fmt::format_to(out, "Set-Cookie: {}\r\n", response.set_cookie);
    if (response.status == 401) head += "WWW-Authenticate: Bearer\r\n";
    if (!response.allow.empty()) fmt::format_to(out, "Allow: {}\r\n", response.allow);
    fmt::format_to(out, "Content-Length: {}\r\n{}\r\n", response.body.size(), connection_field(form));
    return head;
}

std::string live_head() {
    return fmt::format("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{}Connection: close\r\n\r\n", safety);
}

}  // namespace logpipe::web
