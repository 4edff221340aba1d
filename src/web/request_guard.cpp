#include "request_guard.hpp"

#include <fmt/format.h>

#include <random>

namespace logpipe {

namespace {

constexpr std::string_view cookie_name = "logpipe_session=";

/// Takes as long whatever the first difference is.
bool is_equal(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    unsigned different = 0;
    for (std::size_t i = 0; i < a.size(); ++i) different |= static_cast<unsigned>(a[i]) ^ static_cast<unsigned>(b[i]);
    return different == 0;
}

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

std::string_view without_port(std::string_view host) {
    if (host.starts_with('[')) return host.substr(0, std::min(host.size(), host.find(']') + 1));
    return host.substr(0, host.find(':'));
}

bool is_ipv4(std::string_view name) {
    return !name.empty() && name.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace

bool is_same_origin(web_request const& request) {
    if (!request.fetch_site.empty()) return request.fetch_site == "same-origin" || request.fetch_site == "none";
    if (request.origin.empty()) return true;
    auto const host = request.origin.find("://");
    return host != std::string_view::npos && request.origin.substr(host + 3) == request.host;
}

bool is_local_name(std::string_view host) {
    auto const name = without_port(host);
    return !name.contains('.') || name.ends_with(".localhost") || name.starts_with('[') || is_ipv4(name);
}

request_guard::request_guard(std::string token, bool loopback)
    : token_{std::move(token)}, session_{random_text()}, loopback_{loopback} {}

void request_guard::set_token(std::string token) {
    if (token == token_) return;
    token_ = std::move(token);
    session_ = random_text();
}

std::optional<web_answer> request_guard::refusal(web_request const& request) const {
    if (loopback_ && !request.host.empty() && !is_local_name(request.host))
        return problem_answer(421,
                              "This server is asked as localhost, by a name without dots, or by a numeric address.");
    return std::nullopt;
}

bool request_guard::is_known(web_request const& request) const {
    if (token_.empty()) return true;
    constexpr std::string_view bearer = "Bearer ";
    if (request.authorization.starts_with(bearer) && is_equal(request.authorization.substr(bearer.size()), token_))
        return true;
    return is_equal(cookie_of(request.cookie), session_);
}

web_answer request_guard::open_session(web_request const& request) const {
    if (!is_same_origin(request)) return problem_answer(403, "Another site's page may not do that.");
    if (!token_.empty() && !is_equal(request.body, token_)) return problem_answer(401, "This is not the token.");
    auto answer = json_answer("{}\n");
    answer.set_cookie = fmt::format("{}{}; Path=/; HttpOnly; SameSite=Strict", cookie_name, session_);
    return answer;
}

}  // namespace logpipe
