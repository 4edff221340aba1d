#pragma once

#include <string_view>

namespace logpipe::cli {

inline constexpr std::string_view version_text = LOGPIPE_VERSION;

}  // namespace logpipe::cli
