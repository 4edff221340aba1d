// What is written in a journal where a dead letter is resolved:
//
//   {"id":…,"tombstone":true,"time":…,"letter_time":…,"attempts":…,"why":"retried"}
//
// `letter_time` is the time of the newest letter that it resolves, `attempts` how many letters of the id there were.
#pragma once

#include "audit/letters.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace logpipe::audit {

[[nodiscard]] std::string tombstone_of(resolved_letter const& letter, std::string_view reason, std::int64_t now_ns);
/// None unless it is a tombstone.
[[nodiscard]] std::optional<letter_entry> parse_tombstone(std::string_view text);

}  // namespace logpipe::audit
