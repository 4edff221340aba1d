#include "line_joiner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace logpipe::files {

result<std::shared_ptr<start_pattern const>> start_pattern::compile(std::string const& text) {
    // regcomp() takes them for the letter, and the pattern would match nothing.
    for (auto const each : {"\\d", "\\D", "(?"})
        if (text.contains(each))
            return error{errc::invalid_argument,
                         fmt::format("\"{}\": {} is not known in a POSIX extended regular expression; a digit is [0-9]",
                                     text, each)};
    regex_t compiled{};
    if (int const code = ::regcomp(&compiled, text.c_str(), REG_EXTENDED | REG_NOSUB); code != 0) {
        std::array<char, 128> reason{};
        ::regerror(code, &compiled, reason.data(), reason.size());
        return error{errc::invalid_argument,
                     fmt::format("\"{}\" is not a POSIX extended regular expression: {}", text, reason.data())};
    }
    std::shared_ptr<start_pattern const> made{new start_pattern{compiled}};
    if (made->matches(""))
        return error{errc::invalid_argument, fmt::format("\"{}\" matches every line: each would be an event", text)};
    return made;
}

bool start_pattern::matches(std::string_view line) const noexcept {
    regmatch_t range{.rm_so = 0, .rm_eo = static_cast<regoff_t>(std::min(line.size(), matched_bytes_max))};
    return ::regexec(&compiled_, line.data(), 0, &range, REG_STARTEND) == 0;
}

bool line_joiner::begins(std::string_view line) {
    if (is_empty()) return false;
    if (options_.start->matches(line)) return true;
    bool const is_full = lines_ >= options_.lines_max || text_.size() + 1 + line.size() > options_.bytes_max;
    if (is_full) ++cut_events_;
    return is_full;
}

void line_joiner::add(std::string_view line) {
    if (lines_++ > 0) {
        text_ += '\n';
        ++joined_lines_;
    }
    text_ += line;
}

void line_joiner::clear() noexcept {
    text_.clear();
    lines_ = 0;
}

}  // namespace logpipe::files
