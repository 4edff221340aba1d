// A process's snapshot as text: for `/api/status`, `/metrics`, and read back by `status` and `monitor`.
#pragma once

#include "logpipe/status.hpp"

#include <string>
#include <string_view>

namespace logpipe::status {

/// `/api/status`: documented in docs/reference/http-api.yaml.
[[nodiscard]] std::string to_json(process_snapshot const& process);
[[nodiscard]] result<process_snapshot> parse_process_snapshot(std::string_view json);
/// Prometheus text exposition format 0.0.4.
[[nodiscard]] std::string to_prometheus(process_snapshot const& process);

}  // namespace logpipe::status
