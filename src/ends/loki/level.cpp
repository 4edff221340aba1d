#include "level.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace logpipe::loki {

namespace {

struct named_level {
    std::string_view name;
    std::string_view level;
};

constexpr std::array names{
    named_level{"trace", "trace"},        named_level{"trc", "trace"},      named_level{"finest", "trace"},
    named_level{"debug", "debug"},        named_level{"dbg", "debug"},      named_level{"fine", "debug"},
    named_level{"info", "info"},          named_level{"inf", "info"},       named_level{"information", "info"},
    named_level{"notice", "info"},        named_level{"warn", "warn"},      named_level{"warning", "warn"},
    named_level{"wrn", "warn"},           named_level{"error", "error"},    named_level{"err", "error"},
    named_level{"eror", "error"},         named_level{"severe", "error"},   named_level{"critical", "critical"},
    named_level{"crit", "critical"},      named_level{"alert", "critical"}, named_level{"emerg", "critical"},
    named_level{"emergency", "critical"}, named_level{"fatal", "fatal"},    named_level{"panic", "fatal"},
};

constexpr std::size_t name_bytes_max = 11;
constexpr std::size_t front_bytes = 160;  // where a logger writes the level

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
constexpr bool is_letter(char c) noexcept {
    return lower(c) >= 'a' && lower(c) <= 'z';
}
constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
constexpr bool is_capital(char c) noexcept {
    return c >= 'A' && c <= 'Z';
}

/// The letters at the front.
std::string_view word_at(std::string_view text) noexcept {
    auto const end = std::ranges::find_if_not(text, is_letter);
    return {text.begin(), end};
}

/// Where the quoted text that opens before `at` has its closing quote; `at` itself where it has none.
std::size_t end_of_quoted(std::string_view line, std::size_t at) noexcept {
    for (auto here = at; here < line.size(); ++here) {
        if (line[here] == '"') return here;
        if (line[here] == '\\') ++here;
    }
    return at;
}

std::string_view level_of_logfmt(std::string_view line) noexcept {
    constexpr std::array keys{std::string_view{"level="}, std::string_view{"lvl="}, std::string_view{"severity="}};
    for (auto equals = line.find('='); equals != std::string_view::npos; equals = line.find('=', equals + 1)) {
        auto const front = line.substr(0, equals + 1);
        for (auto const key : keys) {
            if (!front.ends_with(key)) continue;
            auto const begin = front.size() - key.size();
            if (begin != 0 && line[begin - 1] != ' ' && line[begin - 1] != '\t') continue;
            auto value = line.substr(equals + 1);
            if (value.starts_with('"')) value.remove_prefix(1);
            if (auto const level = level_of_name(word_at(value)); !level.empty()) return level;
        }
        // A quoted value is text.
        if (line.substr(equals + 1).starts_with('"')) equals = end_of_quoted(line, equals + 2) - 1;
    }
    return {};
}

std::string_view level_of_brackets(std::string_view front) noexcept {
    for (auto at = front.find('['); at != std::string_view::npos; at = front.find('[', at + 1)) {
        auto const word = word_at(front.substr(at + 1));
        auto const after = at + 1 + word.size();
        if (after >= front.size() || front[after] != ']') continue;
        if (auto const level = level_of_name(word); !level.empty()) return level;
    }
    return {};
}

/// Of what follows a request's closing quote: " 502 157 …"; empty where that is not a status.
std::string_view level_of_status(std::string_view after) noexcept {
    if (after.size() < 4 || after[0] != ' ' || !std::ranges::all_of(after.substr(1, 3), is_digit)) return {};
    if (after.size() > 4 && after[4] != ' ' && after[4] != '"') return {};
    if (after[1] < '1' || after[1] > '5') return {};
    return after[1] == '5' ? "error" : after[1] == '4' ? "warn" : "info";
}

/// Whether a request line opens in `front`: a quote after a space, a method, a space.
bool opens_request(std::string_view front) noexcept {
    for (auto at = front.find('"'); at != std::string_view::npos; at = front.find('"', at + 1)) {
        if (at != 0 && front[at - 1] != ' ') continue;
        auto const method = word_at(front.substr(at + 1));
        auto const after = at + 1 + method.size();
        if (!method.empty() && std::ranges::all_of(method, is_capital) && after < front.size() && front[after] == ' ')
            return true;
    }
    return false;
}

/// … "GET /path HTTP/1.1" 502 157 …
std::string_view level_of_request(std::string_view line) noexcept {
    constexpr std::string_view mark = " HTTP/";
    constexpr std::size_t version_bytes_max = 3;
    for (auto at = line.find(mark); at != std::string_view::npos; at = line.find(mark, at + 1)) {
        auto const quote = line.find('"', at);
        if (quote == std::string_view::npos) return {};
        if (quote > at + mark.size() + version_bytes_max) continue;
        auto const level = level_of_status(line.substr(quote + 1));
        if (!level.empty() && opens_request(line.substr(0, at + 1))) return level;
    }
    return {};
}

/// The common log format whatever was sent as the request: … [24/Nov/2026:21:35:31 +0000] "\x16\x03" 400 157
std::string_view level_of_common_format(std::string_view line) noexcept {
    constexpr std::string_view mark = "] \"";
    auto const open = line.find(mark);
    if (open == std::string_view::npos) return {};
    auto const close = end_of_quoted(line, open + mark.size());
    if (close >= line.size() || line[close] != '"') return {};
    auto const after = line.substr(close + 1);
    if (after.size() < 6 || (!is_digit(after[5]) && after[5] != '-')) return {};
    return level_of_status(after);
}

std::string_view level_of_capitals(std::string_view front) noexcept {
    for (std::size_t at = 0; at < front.size();) {
        auto const word = word_at(front.substr(at));
        if (word.empty()) {
            ++at;
            continue;
        }
        bool const stands_alone = (at == 0 || (!is_digit(front[at - 1]) && front[at - 1] != '_')) &&
                                  (at + word.size() == front.size() ||
                                   (!is_digit(front[at + word.size()]) && front[at + word.size()] != '_'));
        if (stands_alone && std::ranges::all_of(word, is_capital))
            if (auto const level = level_of_name(word); !level.empty()) return level;
        at += word.size();
    }
    return {};
}

}  // namespace

std::string_view level_of_name(std::string_view name) noexcept {
    if (name.empty() || name.size() > name_bytes_max) return {};
    auto const same = [&](named_level const& each) { return std::ranges::equal(name, each.name, {}, lower); };
    auto const found = std::ranges::find_if(names, same);
    return found == names.end() ? std::string_view{} : found->level;
}

std::string_view level_of_text(std::string_view line) noexcept {
    if (auto const level = level_of_request(line); !level.empty()) return level;
    if (auto const level = level_of_common_format(line); !level.empty()) return level;
    if (auto const level = level_of_logfmt(line); !level.empty()) return level;
    auto const front = line.substr(0, front_bytes);
    if (auto const level = level_of_brackets(front); !level.empty()) return level;
    if (auto const level = level_of_capitals(front); !level.empty()) return level;
    return "unknown";
}

std::string_view without_escapes(std::string_view line, std::string& buffer) {
    constexpr char escape = '\x1b';
    auto at = line.find(escape);
    if (at == std::string_view::npos) return line;
    buffer.clear();
    for (std::size_t begin = 0;; at = line.find(escape, begin)) {
        buffer.append(line.substr(begin, at == std::string_view::npos ? at : at - begin));
        if (at == std::string_view::npos) return buffer;
        begin = at + 1;
        if (begin < line.size() && line[begin] == '[') {
            // Parameters and intermediates, then the letter that says what it does.
            ++begin;
            while (begin < line.size() && line[begin] >= ' ' && line[begin] < '@') ++begin;
        }
        begin = std::min(begin + 1, line.size());
    }
}

}  // namespace logpipe::loki
