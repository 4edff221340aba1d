// JSON string literals (RFC 8259 section 7) for what we write by hand.
#pragma once

#include <string>
#include <string_view>

namespace logpipe {

/// Appends `text` with its quotes. Bytes that are not UTF-8 are copied as they are: check with is_utf8() first.
void append_json_string(std::string& out, std::string_view text);

/// Well-formed UTF-8: shortest forms only, no surrogates, nothing above U+10FFFF (RFC 3629).
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

}  // namespace logpipe
