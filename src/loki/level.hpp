// How bad a line is, as its program wrote it. One word of a small set, as it becomes a label: trace, debug, info, warn,
// error, critical, fatal, or unknown.
#pragma once

#include <string_view>

namespace logpipe {

/// The word for a level's name in any style and case ("WARNING", "notice", "emerg"); empty for what is none.
[[nodiscard]] std::string_view level_of_name(std::string_view name) noexcept;

/// Looked for in this order: `level=…` as in logfmt; `[error]` as in nginx's error log; the status of an access log
/// line (5xx error, 4xx warn, else info); a word in capitals near the beginning, as Java's and Python's loggers write
/// it. JSON lines are not for this one: json_fields.hpp.
[[nodiscard]] std::string_view level_of_text(std::string_view line) noexcept;

}  // namespace logpipe
