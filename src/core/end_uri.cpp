#include "core/end_uri.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace logpipe {

namespace {

bool is_scheme(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return 'a' <= c && c <= 'z'; });
}

/// Of a path; a percent sign with anything else after it is one.
std::string decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto const three = text.substr(i, 3);
        if (three == "%3F" || three == "%3f" || three == "%25") {
            out.push_back(three == "%25" ? '%' : '?');
            i += 2;
        } else {
            out.push_back(text[i]);
        }
    }
    return out;
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
    bool const is_http = uri.scheme == "http" || uri.scheme == "https";
    auto const mark = is_http ? std::string_view::npos : rest.find('?');
    uri.rest = is_http ? std::string{rest} : decoded(rest.substr(0, mark));
    if (mark == std::string_view::npos) return uri;
    for (auto left = rest.substr(mark + 1); !left.empty();) {
        auto const ampersand = left.find('&');
        auto const pair = left.substr(0, ampersand);
        auto const equals = pair.find('=');
        if (equals == std::string_view::npos || equals == 0)
            return error{errc::invalid_argument,
                         fmt::format("{}: parameter \"{}\": expected KEY=VALUE; a ? that belongs to a path is written "
                                     "%3F",
                                     text, pair)};
        uri.query.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
        left = ampersand == std::string_view::npos ? std::string_view{} : left.substr(ampersand + 1);
    }
    return uri;
}

std::string file_uri(std::string_view path) {
    // Of a path that begins with two slashes parse_uri() would take them off.
    std::string uri = path.starts_with("//") ? "file://" : "file:";
    for (char const c : path)
        if (c == '?') {
            uri += "%3F";
        } else if (c == '%') {
            uri += "%25";
        } else {
            uri.push_back(c);
        }
    return uri;
}

result<named_authority> split_authority(end_uri const& uri, std::string_view form) {
    auto const slash = uri.rest.find('/');
    if (slash == 0 || slash == std::string::npos || slash + 1 == uri.rest.size() ||
        uri.rest.find('/', slash + 1) != std::string::npos)
        return error{errc::invalid_argument, fmt::format("{}: write it as {}", uri.whole, form)};
    return named_authority{uri.rest.substr(0, slash), uri.rest.substr(slash + 1)};
}

std::string with_suffix(std::string_view uri, std::string_view suffix) {
    auto const mark = std::min(uri.find('?'), uri.size());
    return fmt::format("{}{}{}", uri.substr(0, mark), suffix, uri.substr(mark));
}

}  // namespace logpipe
