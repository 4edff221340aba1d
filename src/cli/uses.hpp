// Which ends a subcommand is going to have beside those of its pipeline.
#pragma once

#include "settings.hpp"
#include "subcommands.hpp"

#include <vector>

namespace logpipe::cli {

using used_ends = std::vector<used_end>;

used_ends uses_of_run(settings const& options, argument_list const& rest);
used_ends uses_of_serve(settings const& options, argument_list const& rest);
used_ends uses_of_status(settings const& options, argument_list const& rest);
used_ends uses_of_dlq(settings const& options, argument_list const& rest);
used_ends uses_of_verify(settings const& options, argument_list const& rest);
used_ends uses_of_setup(settings const& options, argument_list const& rest);
used_ends uses_of_skip(settings const& options, argument_list const& rest);
used_ends uses_of_argument(settings const& options, argument_list const& rest);

}  // namespace logpipe::cli
