// Words for people that may carry a peer's bytes, made fit for JSON, metrics and a terminal.
#pragma once

#include <string>
#include <string_view>

namespace logpipe {

/// `text` where it is UTF-8; otherwise with "?" for every byte that is not ASCII.
[[nodiscard]] std::string clean_utf8(std::string_view text);

/// The same on one line, without what drives the reader's terminal or disguises the text around it: each control
/// character, line end, invisible character and change of direction becomes a space.
[[nodiscard]] std::string clean_line(std::string_view text);

/// Data for a terminal: nothing is lost, and nothing drives it. Such a character becomes \u001b, a byte that is not
/// part of UTF-8 \xff; line feeds and tabs stay, so JSON stays JSON.
[[nodiscard]] std::string visible_text(std::string_view text);

/// For data: U+FFFD stands for each byte that is not part of well-formed UTF-8. @return `text` itself where there is
/// none, else the copy in `buffer`.
[[nodiscard]] std::string_view well_formed_utf8(std::string_view text, std::string& buffer);

}  // namespace logpipe
