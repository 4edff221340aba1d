#include "request_guard.hpp"

#include "core/secrets.hpp"

#include <fmt/format.h>

#include <random>

namespace logpipe::web {

namespace {

constexpr std::string_view cookie_name = "logpipe_session=";

std::string random_text() {
    std::random_device random;
    return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

std::string_view cookie_of(std::string_view cookies) {
    while (!cookies.empty()) {
        auto const end = std::min(cookies.find(';'), cookies.size());
        auto one = cookies.substr(0, end);
        one.remove_prefix(std::min(one.find_first_not_of(' '), one.size()));
        if (one.starts_with(cookie_name)) return one.substr(cookie_name.size());
        cookies.remove_prefix(std::min(cookies.size(), end + 1));
    }
    return {};
}

/// Of a URL, or of an origin, which is one without a path; empty where it is none.
std::string_view host_of(std::string_view url) {
    auto const scheme = url.find("://");
    if (scheme == std::string_view::npos) return {};
    auto const host = url.substr(scheme + 3);
    return host.substr(0, host.find_first_of("/?#"));
}

}  // namespace

bool is_same_origin(web_request const& request) {
    if (!request.fetch_site.empty()) return request.fetch_site == "same-origin" || request.fetch_site == "none";
    auto const from = request.origin.empty() ? request.referer : request.origin;
    return from.empty() || host_of(from) == request.host;
}

request_guard::request_guard(guard_options options)
    : token_{std::move(options.token)},
      session_{random_text()},
      names_{std::move(options.host_names)},
      loopback_{options.loopback},
      tls_{options.tls} {}

void request_guard::set_token(std::string token) {
    if (token == token_) return;
    token_ = std::move(token);
    session_ = random_text();
}

std::optional<web_response> request_guard::rejection(web_request const& request) const {
    if (names_.allow(request.host)) return std::nullopt;
    return problem_response(421,
                            "This server accepts localhost, numeric addresses, names without dots, the name of its "
                            "machine and those of --page-host.");
}

bool request_guard::is_known(web_request const& request) const {
    if (token_.empty()) return true;
    constexpr std::string_view bearer = "Bearer ";
    if (request.authorization.starts_with(bearer) &&
        is_same_secret(request.authorization.substr(bearer.size()), token_))
        return true;
    return is_same_secret(cookie_of(request.cookie), session_);
}

web_response request_guard::open_session(web_request const& request) const {
    if (!is_same_origin(request)) return problem_response(403, "Another site's page may not do that.");
    if (!token_.empty() && !is_same_secret(request.body, token_))
        return problem_response(401, "This is not the token.");
    auto response = json_response("{}\n");
    response.set_cookie =
        fmt::format("{}{}; Path=/; HttpOnly; SameSite=Strict{}", cookie_name, session_, tls_ ? "; Secure" : "");
    return response;
}

}  // namespace logpipe::web
