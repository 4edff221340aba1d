// Numbers as JSON and the Prometheus text format share them.
#pragma once

#include <string>

namespace logpipe {

/// Whole numbers without decimals, others with as few digits as give the same double again. Finite values only.
[[nodiscard]] std::string number_text(double value);

}  // namespace logpipe
