// What was mended in a line.
#pragma once

#include <cstddef>
#include <cstdint>

namespace logpipe::formats {

/// As bits.
enum class repair : std::uint8_t {
    none = 0,
    front = 1,    ///< a byte order mark or NULs before the line were left out
    escapes = 2,  ///< \xNN in JSON, as nginx writes it without escape=json
    utf8 = 4,     ///< a byte that is not UTF-8 became the character U+EF00 + byte
};
inline constexpr std::size_t repair_sets = 8;

[[nodiscard]] constexpr repair operator|(repair one, repair other) noexcept {
    return static_cast<repair>(static_cast<unsigned>(one) | static_cast<unsigned>(other));
}

}  // namespace logpipe::formats
