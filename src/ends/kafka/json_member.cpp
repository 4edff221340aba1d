#include "json_member.hpp"

#include <cstdint>

namespace logpipe::kafka {

namespace {

void append_utf8(std::string& out, std::uint32_t point) {
    auto const put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (point < 0x80) {
        put(point);
    } else if (point < 0x800) {
        put(0xc0 | (point >> 6U));
        put(0x80 | (point & 0x3fU));
    } else if (point < 0x10000) {
        put(0xe0 | (point >> 12U));
        put(0x80 | ((point >> 6U) & 0x3fU));
        put(0x80 | (point & 0x3fU));
    } else {
        put(0xf0 | (point >> 18U));
        put(0x80 | ((point >> 12U) & 0x3fU));
        put(0x80 | ((point >> 6U) & 0x3fU));
        put(0x80 | (point & 0x3fU));
    }
}

/// Goes over one JSON text. Every function leaves `at_` after what it has read, or says false where that is not there.
class scanner final {
  public:
    explicit scanner(std::string_view text) : text_{text} {}

    [[nodiscard]] bool take(char wanted) {
        skip_space();
        if (at_ >= text_.size() || text_[at_] != wanted) return false;
        ++at_;
        return true;
    }
    [[nodiscard]] char peek() {
        skip_space();
        return at_ < text_.size() ? text_[at_] : '\0';
    }
    /// The text between the quotes, escapes and all.
    [[nodiscard]] std::optional<std::string_view> string() {
        if (!take('"')) return std::nullopt;
        auto const begin = at_;
        while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2U : 1U;
        if (at_ >= text_.size()) return std::nullopt;
        return text_.substr(begin, at_++ - begin);
    }
    /// A number or a word.
    [[nodiscard]] std::string_view plain() {
        skip_space();
        auto const begin = at_;
        while (at_ < text_.size() && !std::string_view{",}] \t\r\n"}.contains(text_[at_])) ++at_;
        return text_.substr(begin, at_ - begin);
    }
    [[nodiscard]] bool skip_value() {
        std::size_t depth = 0;
        do {
            auto const next = peek();
            if (next == '\0') return false;
            if (next == '"') {
                if (!string()) return false;
            } else if (next == '{' || next == '[') {
                ++depth;
                ++at_;
            } else if (next == '}' || next == ']') {
                if (depth == 0) return false;
                --depth;
                ++at_;
            } else if (next == ',' || next == ':') {
                if (depth == 0) return false;
                ++at_;
            } else if (plain().empty()) {
                return false;
            }
        } while (depth > 0);
        return true;
    }

  private:
    void skip_space() {
        while (at_ < text_.size() && std::string_view{" \t\r\n"}.contains(text_[at_])) ++at_;
    }

    std::string_view const text_;
    std::size_t at_ = 0;
};

std::optional<std::uint32_t> four_digits(std::string_view text, std::size_t at) {
    if (at + 4 > text.size()) return std::nullopt;
    std::uint32_t value = 0;
    for (auto const digit : text.substr(at, 4)) {
        auto const index = std::string_view{"0123456789abcdef"}.find(static_cast<char>(digit | 0x20));
        if (index == std::string_view::npos) return std::nullopt;
        value = value * 16 + static_cast<std::uint32_t>(index);
    }
    return value;
}

/// @return false where `\u` is not followed by four digits, or half of a pair stands alone.
bool append_escaped_point(std::string_view text, std::size_t& at, std::string& out) {
    auto const first = four_digits(text, at);
    if (!first) return false;
    at += 4;
    if (*first < 0xd800 || *first > 0xdfff) {
        append_utf8(out, *first);
        return true;
    }
    if (*first > 0xdbff || text.substr(at, 2) != "\\u") return false;
    auto const second = four_digits(text, at + 2);
    if (!second || *second < 0xdc00 || *second > 0xdfff) return false;
    at += 6;
    append_utf8(out, 0x10000 + ((*first - 0xd800) << 10U) + (*second - 0xdc00));
    return true;
}

std::optional<std::string_view> without_escapes(std::string_view text, std::string& out) {
    if (!text.contains('\\')) return text;
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    out.clear();
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] != '\\') {
            out.push_back(text[at++]);
            continue;
        }
        auto const letter = text[at + 1];  // a string never ends in a lone backslash
        at += 2;
        if (letter == 'u') {
            if (!append_escaped_point(text, at, out)) return std::nullopt;
        } else if (auto const index = letters.find(letter); index != std::string_view::npos) {
            out.push_back(meanings[index]);
        } else {
            return std::nullopt;
        }
    }
    return out;
}

}  // namespace

std::optional<std::string_view> json_member(std::string_view record, std::string_view name, std::string& scratch) {
    scanner json{record};
    if (!json.take('{')) return std::nullopt;
    do {
        auto const raw_name = json.string();
        if (!raw_name || !json.take(':')) return std::nullopt;
        auto const found = without_escapes(*raw_name, scratch);
        if (found != name) {
            if (!json.skip_value()) return std::nullopt;
            continue;
        }
        auto const next = json.peek();
        if (next == '{' || next == '[') return std::nullopt;
        if (next == '"') {
            auto const text = json.string();
            return text ? without_escapes(*text, scratch) : std::nullopt;
        }
        auto const text = json.plain();
        if (text.empty() || text == "null") return std::nullopt;
        return text;
    } while (json.take(','));
    return std::nullopt;
}

}  // namespace logpipe::kafka
