// One line of a screen: text in styles, never wider than the screen.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace logpipe::tui {

enum class text_style { plain, bold, dim, good, bad, odd, inverse };

/// One thread. Every character that it takes is one column wide: what may not be (CJK, combining, emoji) becomes "?".
class text_line final {
  public:
    explicit text_line(std::size_t columns_max) : columns_max_{columns_max} {}

    /// As much of it as there is room for. Peers' bytes are fine: control characters become spaces.
    text_line& add(std::string_view text, text_style style = text_style::plain);
    /// Exactly `columns` wide: cut, or padded behind it.
    text_line& left(std::string_view text, std::size_t columns, text_style style = text_style::plain);
    /// The same, padded before it.
    text_line& right(std::string_view text, std::size_t columns, text_style style = text_style::plain);
    /// Spaces up to that column.
    text_line& move_to(std::size_t column);

    [[nodiscard]] std::size_t columns() const noexcept { return columns_; }
    /// With its escape sequences (ECMA-48 SGR).
    [[nodiscard]] std::string const& text() const noexcept { return text_; }

  private:
    std::size_t const columns_max_;
    std::size_t columns_ = 0;
    std::string text_;
};

/// Columns that clean text takes, as text_line counts them.
[[nodiscard]] std::size_t columns_of(std::string_view text);
/// Blocks of eight heights, the newest `columns` values, on the right; as tall as the largest of them.
[[nodiscard]] std::string sparkline(std::deque<double> const& values, std::size_t columns);

}  // namespace logpipe::tui
