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
    if (options_.start != nullptr ? options_.start->matches(line) : !continues(line)) return true;
    bool const is_full = lines_ >= options_.lines_max || text_.size() + 1 + line.size() > options_.bytes_max;
    if (is_full) ++cut_events_;
    return is_full;
}

void line_joiner::add(std::string_view line) {
    if (options_.start == nullptr) return add_cut_line(line);
    if (lines_++ > 0) {
        text_ += '\n';
        ++joined_lines_;
    }
    text_ += line;
}

bool line_joiner::continues(std::string_view line) const {
    auto const part = read_cut_line(line);
    return part && !is_complete_ && part->is_json == first_.is_json && part->stream == stream_;
}

/// As long as the last part has not come, the first one says so.
void line_joiner::add_cut_line(std::string_view line) {
    auto const part = read_cut_line(line);
    is_complete_ = !part || part->is_last;
    if (lines_++ == 0) {
        text_ = line;
        if (!part) return;
        stream_ = part->stream;
        first_ = *part;
        first_.stream = {};  // it is in the line
        return;
    }
    ++joined_lines_;
    auto const text = line.substr(part->log_begin, part->log_end - part->log_begin);
    text_.insert(first_.log_end, text);
    first_.log_end += text.size();
    if (is_complete_ && !first_.is_json) text_[first_.flag] = 'F';
}

void line_joiner::clear() noexcept {
    is_complete_ = false;
    text_.clear();
    lines_ = 0;
}

}  // namespace logpipe::files
