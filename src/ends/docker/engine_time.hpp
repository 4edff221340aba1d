// Times as the engine writes and reads them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace logpipe::docker {

/// "2026-11-24T21:35:31.128553500Z", or with an offset ("+02:00") and any number of decimals.
[[nodiscard]] std::optional<std::int64_t> parse_engine_time(std::string_view text) noexcept;

/// For `since=`: "1764020131.128553500".
[[nodiscard]] std::string since_text(std::int64_t time_ns);

}  // namespace logpipe::docker
