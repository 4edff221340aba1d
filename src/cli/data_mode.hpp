// Who else of the machine may read what a process writes: lines of a log are not for everybody.
#pragma once

#include "settings.hpp"

namespace logpipe::cli {

/// From now on folders are made with --data-mode, files with the same without execution. @return errc::invalid_argument
[[nodiscard]] result<> use_data_mode(settings const& options);
/// Says so where the folder is there already and lets in more than --data-mode does; that stays as it is.
void compare_with_data_mode(settings const& options, std::string const& folder);

}  // namespace logpipe::cli
