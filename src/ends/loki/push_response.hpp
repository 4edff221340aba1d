// What Loki's response to a push means for the lines that were in it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace logpipe::loki {

enum class push_outcome : std::uint8_t {
    taken,
    rejected,      ///< 400: some lines break Loki's rules and are gone, the others were taken; a retry changes nothing
    too_large,     ///< 413: fewer lines at once
    throttled,     ///< 429: of one stream, or of all of them: is_of_all_streams()
    retry,         ///< 5xx
    unauthorized,  ///< 401, 403: an operator is needed, nothing is dropped
    paused,        ///< any other status, as 404: the address is wrong, and an operator is needed; nothing is dropped
};
[[nodiscard]] push_outcome outcome_of(unsigned status) noexcept;

/// Of a 429: the limit of a tenant, which no stream keeps within by itself. Other limits are those of a stream.
[[nodiscard]] bool is_of_all_streams(std::string_view body) noexcept;

/// pkg/validation/validate.go and pkg/chunkenc/interface.go of Loki 3.
enum class drop_reason : std::uint8_t { too_far_behind, too_old, too_new, line_too_long, stream_limit, other };
inline constexpr std::array<std::string_view, 6> drop_reason_names{"too_far_behind", "too_old",      "too_new",
                                                                   "line_too_long",  "stream_limit", "other"};
struct push_rejection {
    drop_reason reason = drop_reason::other;
    std::uint64_t lines = 1;  ///< as far as Loki says it, else 1: at least
};
[[nodiscard]] push_rejection read_rejection(std::string_view body) noexcept;

}  // namespace logpipe::loki
