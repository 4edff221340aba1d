// Files of secrets, and how they are read: by editors of every system written, and for nobody else to read.
#pragma once

#include "logpipe/result.hpp"

#include <string>
#include <string_view>

namespace logpipe {

/// A file of secrets, whose first line must not be empty. Carriage returns before line feeds, which belong to the
/// line's end, are cut. @return errc::invalid_argument where it cannot be used, or check_secret_file() refuses it.
[[nodiscard]] result<std::string> read_secret_lines(std::string const& path);
/// The first line of a file, which is a secret. @return errc::invalid_argument where it cannot be read or is empty.
[[nodiscard]] result<std::string> read_secret(std::string const& path);
/// The value of a variable, without the line's end that it was read with.
[[nodiscard]] std::string without_line_end(std::string secret);

/// Takes as long wherever the first difference is: it must not show how much of a guess was right.
[[nodiscard]] bool is_same_secret(std::string_view a, std::string_view b) noexcept;

/// A file that every user of the machine can read is warned about, once a file; pipes and the like are nobody's.
/// @return errc::invalid_argument for it after refuse_open_secrets(true). Any thread.
[[nodiscard]] result<> check_secret_file(std::string const& path);
/// Of the process: --strict-secrets. Before other threads start.
void refuse_open_secrets(bool refuse);

}  // namespace logpipe
