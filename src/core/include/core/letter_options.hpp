// The options of every topic of dead letters.
#pragma once

#include "core/options.hpp"
#include "logpipe/dead_letter.hpp"

namespace logpipe {

[[nodiscard]] option_set<letter_retention> const& letter_options();

}  // namespace logpipe
