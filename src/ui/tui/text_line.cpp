#include "text_line.hpp"

#include "core/clean_text.hpp"
#include "core/utf8.hpp"

#include <algorithm>
#include <array>

namespace logpipe::tui {

namespace {

constexpr std::string_view code_of(text_style style) noexcept {
    switch (style) {
        case text_style::plain:
            return "";
        case text_style::bold:
            return "\x1b[1m";
        case text_style::dim:
            return "\x1b[2m";
        case text_style::good:
            return "\x1b[32m";
        case text_style::bad:
            return "\x1b[1;31m";
        case text_style::odd:
            return "\x1b[33m";
        case text_style::inverse:
            return "\x1b[7m";
    }
    return "";
}

/// Latin letters, arrows, boxes and blocks are one column wide everywhere.
bool is_narrow(std::string_view sequence) noexcept {
    auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(sequence[i]); };
    if (sequence.size() == 1) return true;
    if (sequence.size() == 2) return byte(0) < 0xcc;  // below U+0300, where combining marks begin
    // U+2010 to U+203F (dashes, quotes, dots), U+2190 to U+21FF (arrows), U+2500 to U+259F (boxes, blocks).
    if (sequence.size() != 3 || byte(0) != 0xe2) return false;
    return byte(1) == 0x80
               ? byte(2) >= 0x90 && byte(2) < 0xa8
               : (byte(1) == 0x86 && byte(2) >= 0x90) || byte(1) == 0x87 || (byte(1) >= 0x94 && byte(1) <= 0x96);
}

/// Calls `each` for every character, already fit for one column.
template <class Each>
void for_each_column(std::string_view text, Each each) {
    auto const clean = clean_line(text);
    char const* const end = clean.data() + clean.size();
    for (char const* at = clean.data(); at < end;) {
        auto const bytes = utf8_sequence_bytes(at, end);  // clean text is UTF-8, so there is one
        std::string_view const sequence{at, bytes};
        if (!each(is_narrow(sequence) ? sequence : std::string_view{"?"})) return;
        at += bytes;
    }
}

}  // namespace

std::size_t columns_of(std::string_view text) {
    std::size_t columns = 0;
    for_each_column(text, [&](std::string_view) {
        ++columns;
        return true;
    });
    return columns;
}

text_line& text_line::add(std::string_view text, text_style style) {
    auto const code = code_of(style);
    bool const styled = !code.empty() && columns_ < columns_max_;
    if (styled) text_ += code;
    for_each_column(text, [&](std::string_view character) {
        if (columns_ == columns_max_) return false;
        text_ += character;
        ++columns_;
        return true;
    });
    if (styled) text_ += "\x1b[0m";
    return *this;
}

text_line& text_line::left(std::string_view text, std::size_t columns, text_style style) {
    auto const begin = columns_;
    text_line cut{columns};
    cut.add(text);
    add(cut.text(), style);
    return move_to(begin + columns);
}

text_line& text_line::right(std::string_view text, std::size_t columns, text_style style) {
    text_line cut{columns};
    cut.add(text);
    move_to(columns_ + columns - cut.columns());
    return add(cut.text(), style);
}

text_line& text_line::move_to(std::size_t column) {
    auto const to = std::min(column, columns_max_);
    if (to > columns_) {
        text_.append(to - columns_, ' ');
        columns_ = to;
    }
    return *this;
}

std::string sparkline(std::deque<double> const& values, std::size_t columns) {
    static constexpr std::array<std::string_view, 8> blocks{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    auto const count = std::min(values.size(), columns);
    auto const newest = values.end() - static_cast<std::ptrdiff_t>(count);
    auto const largest = count == 0 ? 0.0 : *std::max_element(newest, values.end());
    std::string out(columns - count, ' ');
    for (auto at = newest; at != values.end(); ++at) {
        auto const height = largest <= 0.0 ? 0.0 : *at / largest * 7.0;
        out += blocks.at(static_cast<std::size_t>(std::clamp(height, 0.0, 7.0)));
    }
    return out;
}

}  // namespace logpipe::tui
