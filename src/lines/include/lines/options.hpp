// The options of every source of lines.
#pragma once

#include "core/options.hpp"
#include "lines/lines.hpp"

namespace logpipe::lines {

[[nodiscard]] option_set<line_options> const& options_of_lines();

}  // namespace logpipe::lines
