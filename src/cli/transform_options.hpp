// From settings to the mapping, and to the options of the transform.
#pragma once

#include "formats/normalize.hpp"
#include "settings.hpp"

namespace logpipe::cli {

/// --mapping, or the built-in one; with --regions.
/// @return errc::invalid_argument with each mistake of the file
[[nodiscard]] result<formats::document_mapping> mapping_of(settings const& options);
[[nodiscard]] result<formats::normalize_options> normalize_options_of(settings const& options);

}  // namespace logpipe::cli
