#include "level.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace logpipe {

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

std::string_view level_of_logfmt(std::string_view line) noexcept {
    constexpr std::array keys{std::string_view{"level="}, std::string_view{"lvl="}, std::string_view{"severity="}};
    for (auto const key : keys) {
        for (auto at = line.find(key); at != std::string_view::npos; at = line.find(key, at + 1)) {
            if (at != 0 && line[at - 1] != ' ' && line[at - 1] != '\t') continue;
            auto value = line.substr(at + key.size());
            if (value.starts_with('"')) value.remove_prefix(1);
            if (auto const level = level_of_name(word_at(value)); !level.empty()) return level;
        }
    }
    return {};
}

std::string_view level_of_brackets(std::string_view front) noexcept {
    for (auto at = front.find('['); at != std::string_view::npos; at = front.find('[', at + 1)) {
        auto const word = word_at(front.substr(at + 1));
        auto const behind = at + 1 + word.size();
        if (behind >= front.size() || front[behind] != ']') continue;
        if (auto const level = level_of_name(word); !level.empty()) return level;
    }
    return {};
}

/// … "GET /path HTTP/1.1" 502 157 …
std::string_view level_of_status(std::string_view line) noexcept {
    constexpr std::string_view mark = " HTTP/";
    auto const at = line.find(mark);
    if (at == std::string_view::npos) return {};
    auto const quote = line.find('"', at);
    if (quote == std::string_view::npos || quote > at + mark.size() + 4) return {};
    auto const status = line.substr(quote + 1);
    if (status.size() < 4 || status[0] != ' ' || !std::ranges::all_of(status.substr(1, 3), is_digit)) return {};
    if (status.size() > 4 && is_digit(status[4])) return {};
    return status[1] == '5' ? "error" : status[1] == '4' ? "warn" : "info";
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
    if (auto const level = level_of_logfmt(line); !level.empty()) return level;
    auto const front = line.substr(0, front_bytes);
    if (auto const level = level_of_brackets(front); !level.empty()) return level;
    if (auto const level = level_of_status(line); !level.empty()) return level;
    if (auto const level = level_of_capitals(front); !level.empty()) return level;
    return "unknown";
}

}  // namespace logpipe
