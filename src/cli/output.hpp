// Data on standard output.
#pragma once

#include <string_view>

namespace logpipe::cli {

/// To the byte, but where standard output is a terminal: that gets nothing that drives it (visible_text() of
/// core/clean_text.hpp). @return false when it cannot be written
[[nodiscard]] bool write_data(std::string_view data);

}  // namespace logpipe::cli
