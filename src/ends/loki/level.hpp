// How bad a line is, as its program wrote it. One word of a small set, as it becomes a label: trace, debug, info, warn,
// error, critical, fatal, or unknown.
#pragma once

#include <string>
#include <string_view>

namespace logpipe::loki {

/// The word for a level's name in any style and case ("WARNING", "notice", "emerg"); empty for what is none.
[[nodiscard]] std::string_view level_of_name(std::string_view name) noexcept;

/// By the form of the line before any word in it: the status of an access log line (5xx error, 4xx warn, else info)
/// whatever was requested; `level=…` as in logfmt, outside quoted values; `[error]` as in nginx's error log; a word in
/// capitals near the beginning, as Java's and Python's loggers write it. JSON lines are not for this one:
/// json_fields.hpp.
[[nodiscard]] std::string_view level_of_text(std::string_view line) noexcept;

/// The line without a terminal's escape sequences (colours, ECMA-48), in `buffer` where it has any.
[[nodiscard]] std::string_view without_escapes(std::string_view line, std::string& buffer);

}  // namespace logpipe::loki
