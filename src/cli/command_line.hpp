// From argv to a subcommand with its settings.
#pragma once

namespace logpipe::cli {

/// Parses, merges with environment and file, sets up the log, runs. @return the exit status.
[[nodiscard]] int run_command_line(int argument_count, char const* const* values);

}  // namespace logpipe::cli
