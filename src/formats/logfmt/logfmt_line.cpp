#include "logfmt/logfmt_line.hpp"

#include "json/json_text.hpp"
#include "quoted.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace logpipe::formats {

namespace {

[[nodiscard]] bool is_key(char c) noexcept {
    return c > ' ' && c < 0x7f && c != '=' && c != '"' && c != '\\';
}

/// The index of the quote that ends a value; npos: none.
[[nodiscard]] std::size_t end_of_quoted(std::string_view text) noexcept {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\')
            ++i;
        else if (text[i] == '"')
            return i;
    }
    return std::string_view::npos;
}

void skip_spaces(std::string_view& text) noexcept {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

}  // namespace

bool logfmt_parser::parse(std::string_view line, text_members& into, std::string& reason) const {
    bool has_value = false;
    for (skip_spaces(line); !line.empty(); skip_spaces(line)) {
        auto const key_end = std::ranges::find_if_not(line, is_key);
        std::string_view const key{line.begin(), key_end};
        line.remove_prefix(key.size());
        if (key.empty()) {
            reason = fmt::format("not logfmt: no key at {}", quoted_for_reason(line));
            return false;
        }
        if (!line.starts_with('=')) {
            into.add_own_flag(key);
            continue;
        }
        has_value = true;
        line.remove_prefix(1);
        if (line.starts_with('"')) {
            auto const end = end_of_quoted(line.substr(1));
            if (end == std::string_view::npos) {
                reason = fmt::format("not logfmt: no quote after the value of {}", quoted_for_reason(key));
                return false;
            }
            into.add_own(key, line.substr(1, end), text_members::as::text);
            line.remove_prefix(end + 2);
        } else {
            auto const value = line.substr(0, std::min(line.find(' '), line.size()));
            into.add_own(key, value, is_json_scalar(value) ? text_members::as::json : text_members::as::text);
            line.remove_prefix(value.size());
        }
    }
    if (!has_value) reason = "not logfmt: no key=value";
    return has_value;
}

}  // namespace logpipe::formats
