#include "server_requests.hpp"

#include "bulk_response.hpp"

#include <fmt/format.h>

#include <utility>

namespace logpipe::opensearch {

namespace {

constexpr errc code_of(unsigned status) noexcept {
    if (status == 401 || status == 403) return errc::unauthorized;
    if (status == 404) return errc::not_found;
    if (status == 429) return errc::busy;
    return status >= 500 ? errc::not_connected : errc::rejected;
}

error error_of(net::http_request const& request, net::http_response const& response) {
    auto const [type, reason] = read_error_response(response.body);
    auto what =
        fmt::format("{} {}: HTTP {}", request.method, request.path.substr(0, request.path.find('?')), response.status);
    for (auto const& words : {std::string_view{type}, std::string_view{reason}})
        if (!words.empty()) what.append(": ").append(words);
    return {code_of(response.status), std::move(what)};
}

}  // namespace

result<std::vector<net::http_target>> make_targets(opensearch_connection const& options) {
    if (!options.api_key.empty() && !options.username.empty())
        return error{errc::invalid_argument, "opensearch: a user name or an API key, not both"};
    auto targets = net::make_http_targets(options, 9200, options.path_prefix);
    if (!targets) return in_context("opensearch", targets.error());
    for (auto& each : *targets) {
        auto const added = options.api_key.empty() ? net::add_login(each, options.username, options.password)
                                                   : net::add_field(each, "Authorization", "ApiKey " + options.api_key);
        if (!added) return in_context("opensearch", added.error());
    }
    return targets;
}

result<> choose_server(net::http_client& client, std::vector<net::http_target> others) {
    if (others.empty()) return {};
    std::string reasons;
    for (auto other = others.begin();; ++other) {
        auto const response = client.send({.path = "/"});
        if (!response && response.error().code == errc::cancelled) return response.error();
        auto const reason = net::host_failure(response, client.server_name());
        if (!reason) return {};
        reasons += (reasons.empty() ? "" : "; ") + *reason;
        if (other == others.end()) return error{errc::not_connected, std::move(reasons)};
        client.use(std::move(*other));
    }
}

result<std::string> fetch_body(net::http_client& client, net::http_request const& request) {
    auto response = client.send(request);
    if (!response) return response.error();
    if (response->status / 100 != 2) return error_of(request, *response);
    return std::move(response->body);
}

std::string encode_path_part(std::string_view text) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    std::string encoded;
    for (char const c : text) {
        bool const plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                           c == '.' || c == '_' || c == '~';
        auto const code = static_cast<unsigned char>(c);
        if (plain)
            encoded.push_back(c);
        else
            encoded.append({'%', hex[code >> 4U], hex[code & 15U]});
    }
    return encoded;
}

}  // namespace logpipe::opensearch
