// For "did you mean …?".
#pragma once

#include <span>
#include <string_view>

namespace logpipe {

/// The candidate with the fewest edits to `name`; empty when none is near.
[[nodiscard]] std::string_view nearest(std::string_view name, std::span<std::string_view const> candidates);

}  // namespace logpipe
