// Words for people that may carry a peer's bytes, made fit for JSON, metrics and a terminal.
#pragma once

#include <string>
#include <string_view>

namespace logpipe {

/// `text` where it is UTF-8; otherwise with "?" for every byte that is not ASCII.
[[nodiscard]] std::string clean_utf8(std::string_view text);

/// The same on one line, without control characters (a peer's escape sequence would drive the reader's terminal): each
/// becomes a space.
[[nodiscard]] std::string clean_line(std::string_view text);

}  // namespace logpipe
