// `check --tests`: cases of a mapping, each a line and what becomes of it.
#pragma once

#include "formats/mapping_tests.hpp"
#include "line_check.hpp"
#include "settings.hpp"

#include <string>

namespace logpipe::cli {

/// @return what differs, a key a line; empty: nothing
[[nodiscard]] std::string difference(formats::mapping_test const& expected, line_outcome const& got);

/// @return the exit status
[[nodiscard]] int check_tests(settings const& options);

}  // namespace logpipe::cli
