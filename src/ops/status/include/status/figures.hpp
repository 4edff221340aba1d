// A metric's value for people.
#pragma once

#include "logpipe/metric.hpp"

#include <string>

namespace logpipe::status {

/// By the unit in its name: "1.5 MiB" of bytes, "12 ms" of seconds, else "12,000".
[[nodiscard]] std::string value_text(metric_value const& metric);

}  // namespace logpipe::status
