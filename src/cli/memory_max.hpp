// How much memory the process may take: --memory-max, or what the system gives it.
#pragma once

#include "settings.hpp"

namespace logpipe::cli {

/// From now on the process's budget has limits, and the allocator gives large blocks back. Before anything is made of
/// the options. @return errc::invalid_argument
[[nodiscard]] result<> use_memory_max(settings const& options);

}  // namespace logpipe::cli
