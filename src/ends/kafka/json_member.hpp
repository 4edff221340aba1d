// One top-level member of a JSON object, without reading more of it than needed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace logpipe::kafka {

/// The member's value as a message key: a string without its quotes and escapes, a number, `true` or `false` as it
/// is written. None for null, arrays, objects, a missing member, and text that is not an object.
/// @param scratch  gets the text where escapes had to be undone; the view may be into it or into `record`
[[nodiscard]] std::optional<std::string_view> json_member(std::string_view record, std::string_view name,
                                                          std::string& scratch);

}  // namespace logpipe::kafka
