#include "log_format/directives.hpp"

#include <algorithm>
#include <cstddef>

namespace logpipe::formats {

std::vector<std::string> directive_reader::next() {
    std::vector<std::string> words;
    while (!left_.empty()) {
        char const c = left_.front();
        if (c == '#') {
            left_.remove_prefix(std::min(left_.find('\n'), left_.size()));
        } else if (c == ';' || c == '{' || c == '}') {
            left_.remove_prefix(1);
            if (!words.empty()) return words;
        } else if (c == '"' || c == '\'') {
            words.push_back(take_quoted(c));
        } else if (std::string_view{" \t\r\n"}.contains(c)) {
            left_.remove_prefix(1);
        } else {
            words.push_back(take_word());
        }
    }
    return words;
}

/// nginx undoes a backslash before a quote or a backslash, and \t, \r, \n are what they mean; another one stays.
std::string directive_reader::take_quoted(char quote) {
    constexpr std::string_view names = "trn\"'\\";
    constexpr std::string_view meant = "\t\r\n\"'\\";
    std::string word;
    left_.remove_prefix(1);
    while (!left_.empty() && left_.front() != quote) {
        auto const name = left_.size() > 1 && left_.front() == '\\' ? names.find(left_[1]) : std::string_view::npos;
        word += name == std::string_view::npos ? left_.front() : meant[name];
        left_.remove_prefix(name == std::string_view::npos ? 1 : 2);
    }
    left_.remove_prefix(std::min<std::size_t>(1, left_.size()));
    return word;
}

/// Up to space, or to what ends a directive; ${name} is part of it.
std::string directive_reader::take_word() {
    bool in_braces = false;
    char last = '\0';
    auto const end = std::ranges::find_if(left_, [&](char c) {
        if (c == '{' && last == '$') in_braces = true;
        bool const ends = !in_braces && std::string_view{" \t\r\n;{}"}.contains(c);
        if (c == '}') in_braces = false;
        last = c;
        return ends;
    });
    std::string word{left_.begin(), end};
    // A closing brace alone never begins a word, so each word has at least one character.
    left_.remove_prefix(word.size());
    return word;
}

}  // namespace logpipe::formats
