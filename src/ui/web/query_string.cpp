#include "query_string.hpp"

#include "core/clean_text.hpp"
#include "core/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace logpipe::web {

namespace {

constexpr std::size_t pairs_max = 64;

std::optional<std::string> decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out.push_back(text[i] == '+' ? ' ' : text[i]);
            continue;
        }
        unsigned byte = 0;
        auto const digits = text.substr(i + 1, 2);
        auto const [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
        if (digits.size() != 2 || failed != std::errc{} || end != digits.data() + 2) return std::nullopt;
        out.push_back(static_cast<char>(byte));
        i += 2;
    }
    bool const has_control = std::ranges::any_of(out, [](char each) { return static_cast<unsigned char>(each) < ' '; });
    if (has_control || !is_utf8(out)) return std::nullopt;
    return out;
}

}  // namespace

std::string_view path_of(std::string_view target) {
    if (target.starts_with("http://") || target.starts_with("https://")) {
        auto const path = target.find('/', target.find("//") + 2);
        target = path == std::string_view::npos ? "/" : target.substr(path);
    }
    return target.substr(0, target.find('?'));
}

result<query_pairs> parse_query(std::string_view target) {
    query_pairs pairs;
    auto const begin = target.find('?');
    auto left = begin == std::string_view::npos ? std::string_view{} : target.substr(begin + 1);
    while (!left.empty()) {
        auto const end = std::min(left.find('&'), left.size());
        auto const part = left.substr(0, end);
        left.remove_prefix(std::min(left.size(), end + 1));
        if (part.empty()) continue;
        if (pairs.size() == pairs_max) return error{errc::invalid_argument, "The query has too many parts."};
        auto const equals = std::min(part.find('='), part.size());
        auto name = decoded(part.substr(0, equals));
        auto value = decoded(part.substr(std::min(part.size(), equals + 1)));
        if (!name || !value)
            return error{errc::invalid_argument,
                         fmt::format("The query part \"{}\" is not UTF-8 text.", clean_line(part))};
        pairs.emplace_back(*std::move(name), *std::move(value));
    }
    return pairs;
}

result<std::int64_t> parse_number(std::string_view name, std::string_view text, std::int64_t least, std::int64_t most) {
    std::int64_t value = 0;
    auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc{} || end != text.data() + text.size() || value < least || value > most)
        return error{errc::invalid_argument, fmt::format("{} must be a number from {} to {}.", name, least, most)};
    return value;
}

}  // namespace logpipe::web
