// JSON string literals (RFC 8259 section 7) for what we write by hand.
#pragma once

#include <string>
#include <string_view>

namespace logpipe {

/// Appends `text` with its quotes. Bytes that are not UTF-8 are copied as they are: check with is_utf8() of utf8.hpp
/// first.
void append_json_string(std::string& out, std::string_view text);

}  // namespace logpipe
