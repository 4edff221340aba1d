// docs/reference/metrics.md, made of what the program serves.
#pragma once

#include <string>

namespace logpipe::cli {

/// The whole page.
[[nodiscard]] std::string metrics_markdown();

}  // namespace logpipe::cli
