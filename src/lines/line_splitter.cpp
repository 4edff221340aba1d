#include "lines/line_splitter.hpp"

#include <algorithm>

namespace logpipe::lines {

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

}  // namespace

std::optional<input_line> line_splitter::next(std::string_view& input) {
    if (at_start_) skip_mark(input);
    while (!input.empty()) {
        // NULs are looked for once a piece, not once a line.
        if (clean_bytes_ == 0) {
            if (nuls_ > 0 || input.front() == '\0') {
                if (auto const made = take_nuls(input)) return made;
                continue;
            }
            clean_bytes_ = std::min(input.find('\0'), input.size());
        }
        std::string_view const clean{input.data(), clean_bytes_};
        auto const end = clean.find('\n');
        std::string_view const part{clean.data(), std::min(end, clean.size())};
        auto const taken = end == std::string_view::npos ? clean.size() : end + 1;
        input.remove_prefix(taken);
        clean_bytes_ -= taken;
        offset_bytes_ += taken;
        if (end == std::string_view::npos) {
            append_partial(part);
            continue;
        }
        if (partial_length_ > 0) {
            append_partial(part);
            if (auto const made = end_partial_line()) return made;
            continue;
        }
        // The usual way: the whole line is in this piece and is not copied.
        std::string_view const line{part.data(), part.size() - (part.ends_with('\r') ? 1 : 0)};
        if (auto const made = make_line(line, line.size())) return made;
    }
    return std::nullopt;
}

std::optional<input_line> line_splitter::finish() {
    // A part of the mark that nothing followed was no mark.
    if (at_start_) append_partial(byte_order_mark.substr(0, mark_bytes_));
    at_start_ = false;
    append_nuls();
    if (partial_length_ == 0) return std::nullopt;
    return end_partial_line();
}

/// Takes NULs, or ends what was taken of them. @return the line that a hole ends, then the hole, which is one by
/// itself.
std::optional<input_line> line_splitter::take_nuls(std::string_view& input) {
    auto const run = std::min(input.find_first_not_of('\0'), input.size());
    if (run == 0) {
        bool const is_line = in_hole_ && input.front() != '\n';
        append_nuls();
        return is_line ? end_partial_line() : std::nullopt;
    }
    // Up to where it is a hole, so that the line before it ends at the same byte whatever the pieces are.
    auto const taken = in_hole_ ? run : std::min<std::size_t>(run, hole_bytes_min - nuls_);
    input.remove_prefix(taken);
    offset_bytes_ += taken;
    nuls_ += taken;
    if (in_hole_) {
        hole_bytes_ += taken;
        return std::nullopt;
    }
    if (nuls_ < hole_bytes_min) return std::nullopt;
    in_hole_ = true;
    hole_bytes_ += nuls_;
    return partial_length_ > 0 ? end_partial_line() : std::nullopt;
}

void line_splitter::append_nuls() {
    if (partial_length_ == 0) partial_.clear();
    partial_.append(std::min<std::uint64_t>(nuls_, line_bytes_max_ + 1 - partial_.size()), '\0');
    partial_length_ += nuls_;
    if (nuls_ > 0) last_ = '\0';
    nuls_ = 0;
    in_hole_ = false;
}

void line_splitter::skip_mark(std::string_view& input) {
    while (!input.empty() && mark_bytes_ < byte_order_mark.size()) {
        if (input.front() != byte_order_mark[mark_bytes_]) {
            append_partial(byte_order_mark.substr(0, mark_bytes_));
            at_start_ = false;
            return;
        }
        input.remove_prefix(1);
        ++mark_bytes_;
        ++offset_bytes_;
    }
    at_start_ = mark_bytes_ < byte_order_mark.size();
}

void line_splitter::append_partial(std::string_view part) {
    if (part.empty()) return;
    if (partial_length_ == 0) partial_.clear();
    // One byte over the limit, because a last CR does not count.
    partial_.append(part.substr(0, std::min(part.size(), line_bytes_max_ + 1 - partial_.size())));
    partial_length_ += part.size();
    last_ = part.back();
}

std::optional<input_line> line_splitter::end_partial_line() {
    auto const line_bytes = partial_length_ - (last_ == '\r' ? 1U : 0U);
    partial_length_ = 0;  // the text itself stays until the next partial line: it is in use
    return make_line(partial_, line_bytes);
}

std::optional<input_line> line_splitter::make_line(std::string_view text, std::uint64_t line_bytes) {
    if (line_bytes == 0) {
        ++empty_lines_;
        return std::nullopt;
    }
    bool const cut = line_bytes > line_bytes_max_;
    return input_line{.text = {text.data(), cut ? line_bytes_max_ : static_cast<std::size_t>(line_bytes)}, .cut = cut};
}

}  // namespace logpipe::lines
