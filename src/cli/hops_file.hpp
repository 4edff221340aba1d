// Hops of logpipe.toml: a table [hops.NAME] each.
#pragma once

#include "logpipe/pipeline.hpp"
#include "settings.hpp"

#include <optional>

namespace logpipe::cli {

/// What the file's hops make of `run`; none where it has none.
/// @return errc::invalid_argument also for flags that say what runs beside them, as --store
[[nodiscard]] result<std::optional<pipeline_spec>> hops_of_file(settings const& options);

}  // namespace logpipe::cli
