// The words of a mapping's file, for who reads and who writes it.
#pragma once

#include <array>
#include <string_view>

namespace logpipe::formats {

// In the order of the enumerations.
inline constexpr std::array<std::string_view, 7> type_words{"text",    "ip",   "integer", "long",
                                                            "decimal", "time", "millis"};
inline constexpr std::array<std::string_view, 5> conversion_words{"none", "number", "text", "list", "numbers"};
inline constexpr std::array<std::string_view, 3> time_words{"access", "iso", "any"};
/// What the transform makes by itself: field_source::id and the two after it.
inline constexpr std::array<std::string_view, 3> value_words{"id", "time", "time-millis"};

}  // namespace logpipe::formats
