// The manual page logpipe(1), made of the subcommands, the options and the ends.
#pragma once

#include <string>

namespace logpipe::cli {

/// For groff's man macros.
[[nodiscard]] std::string man_page();

}  // namespace logpipe::cli
