// The times of a line and of its document as text.
#pragma once

#include "formats/normalize.hpp"
#include "plan.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace logpipe::formats {

/// @param value  JSON, as it is in a line
/// @return nanoseconds since the Unix epoch; none where it is not a text of that form
[[nodiscard]] std::optional<std::int64_t> time_in_json(time_format form, std::string_view value) noexcept;
/// For people: a time of that form.
[[nodiscard]] std::string_view example_of(time_format form) noexcept;

/// What of a document changes with its time only, with capacity for a block after it.
/// @param time_ns  0: not known; the document is then without it
void write_times(plan_step const& step, std::int64_t time_ns, std::string& into);

}  // namespace logpipe::formats
