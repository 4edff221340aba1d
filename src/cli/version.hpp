#pragma once

#include <string_view>

namespace logpipe::cli {

inline constexpr std::string_view version_text = LOGPIPE_VERSION;

/// The commit that was built, with "-modified" where files of it had changed; "unknown" where no repository was there.
[[nodiscard]] std::string_view revision() noexcept;

}  // namespace logpipe::cli
