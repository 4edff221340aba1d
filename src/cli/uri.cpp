#include "uri.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace logpipe::cli {

namespace {

bool is_scheme(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return 'a' <= c && c <= 'z'; });
}

}  // namespace

result<end_uri> parse_uri(std::string_view text) {
    end_uri uri{.scheme = "file", .rest = std::string{text}, .query = {}, .whole = std::string{text}};
    if (text.empty()) return error{errc::invalid_argument, "an empty URI"};
    auto const colon = text.find(':');
    if (colon == std::string_view::npos || !is_scheme(text.substr(0, colon))) return uri;
    uri.scheme = text.substr(0, colon);
    auto rest = text.substr(colon + 1);
    if (rest.starts_with("//")) rest.remove_prefix(2);
    // What stands in a path is its own; only these ends know parameters.
    auto const mark = uri.scheme == "demo" || uri.scheme == "docker" ? rest.find('?') : std::string_view::npos;
    uri.rest = rest.substr(0, mark);
    if (mark == std::string_view::npos) return uri;
    for (auto left = rest.substr(mark + 1); !left.empty();) {
        auto const ampersand = left.find('&');
        auto const pair = left.substr(0, ampersand);
        auto const equals = pair.find('=');
        if (equals == std::string_view::npos || equals == 0)
            return error{errc::invalid_argument, fmt::format("{}: \"{}\" is no KEY=VALUE", text, pair)};
        uri.query.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
        left = ampersand == std::string_view::npos ? std::string_view{} : left.substr(ampersand + 1);
    }
    return uri;
}

}  // namespace logpipe::cli
