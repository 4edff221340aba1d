// Foreign text within a reason.
#pragma once

#include <string>
#include <string_view>

namespace logpipe::formats {

/// In quotes, cut to 64 bytes at a character's border.
[[nodiscard]] std::string quoted_for_reason(std::string_view text);

}  // namespace logpipe::formats
