// Completions of the command line, made of the subcommands and their options.
#pragma once

#include <string>

namespace logpipe::cli {

/// Scripts for `complete`, for zsh's `#compdef`, and for fish.
[[nodiscard]] std::string bash_completions();
[[nodiscard]] std::string zsh_completions();
[[nodiscard]] std::string fish_completions();

}  // namespace logpipe::cli
