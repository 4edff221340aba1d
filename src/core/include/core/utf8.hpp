// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace logpipe {

/// @return the bytes of the well-formed sequence at `at`, 0 where there is none. `at` < `end`.
[[nodiscard]] constexpr std::size_t utf8_sequence_bytes(char const* at, char const* end) noexcept {
    auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(at[i]); };
    auto const follows = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
    auto const left = static_cast<std::size_t>(end - at);
    auto const lead = byte(0);
    if (lead < 0x80) return 1;
    if (lead < 0xc2 || lead > 0xf4 || left < 2) return 0;
    if (lead < 0xe0) return follows(1) ? 2 : 0;
    // The second byte has a narrower range where the lead alone would allow a shorter form, a surrogate or too much.
    unsigned const low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    unsigned const high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (byte(1) < low || byte(1) > high || left < 3 || !follows(2)) return 0;
    if (lead < 0xf0) return 3;
    return left >= 4 && follows(3) ? 4 : 0;
}

[[nodiscard]] constexpr bool is_utf8(std::string_view text) noexcept {
    for (auto const *at = text.data(), *const end = at + text.size(); at != end;) {
        auto const bytes = utf8_sequence_bytes(at, end);
        if (bytes == 0) return false;
        at += bytes;
    }
    return true;
}

/// @param character  a Unicode scalar value
inline void append_utf8(std::string& out, std::uint32_t character) {
    auto const tail = [&](unsigned shift) { return static_cast<char>(0x80U | ((character >> shift) & 0x3fU)); };
    if (character < 0x80) {
        out.push_back(static_cast<char>(character));
    } else if (character < 0x800) {
        out.append({static_cast<char>(0xc0U | (character >> 6U)), tail(0)});
    } else if (character < 0x10000) {
        out.append({static_cast<char>(0xe0U | (character >> 12U)), tail(6), tail(0)});
    } else {
        out.append({static_cast<char>(0xf0U | (character >> 18U)), tail(12), tail(6), tail(0)});
    }
}

}  // namespace logpipe
