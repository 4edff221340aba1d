// base32hex (RFC 4648 section 7, lower case): five bits a character, and texts sort as the bits do.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace logpipe {

inline constexpr std::string_view base32_digits = "0123456789abcdefghijklmnopqrstuv";

/// 0xff for what is not one of the digits.
inline constexpr auto base32_values = [] {
    std::array<std::uint8_t, 256> values{};
    values.fill(0xff);
    for (std::size_t i = 0; i < base32_digits.size(); ++i)
        values[static_cast<unsigned char>(base32_digits[i])] = static_cast<std::uint8_t>(i);
    return values;
}();

/// The two digits of each ten bits.
inline constexpr auto base32_pairs = [] {
    std::array<std::array<char, 2>, 1024> pairs{};
    for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i] = {base32_digits[i >> 5U], base32_digits[i & 31U]};
    return pairs;
}();

/// Of 64 bits as a number: four bits, then twelve times five.
inline constexpr std::size_t base32_number_bytes = 13;

inline void write_base32_number(char* out, std::uint64_t number) noexcept {
    out[0] = base32_digits[number >> 60U];
    for (unsigned i = 0; i < 6; ++i)
        std::memcpy(out + 1 + std::size_t{2} * i, base32_pairs[(number >> (50U - 10U * i)) & 1023U].data(), 2);
}

/// What write_base32_number() wrote; none for any other text.
[[nodiscard]] inline std::optional<std::uint64_t> read_base32_number(std::string_view text) noexcept {
    if (text.size() != base32_number_bytes) return std::nullopt;
    std::uint64_t number = 0;
    std::uint64_t const first = base32_values[static_cast<unsigned char>(text[0])];
    std::uint64_t seen = first << 1U;  // it has four bits
    for (char const c : text) {
        std::uint64_t const value = base32_values[static_cast<unsigned char>(c)];
        seen |= value;
        number = number << 5U | value;
    }
    if (seen > 31) return std::nullopt;
    return number;
}

}  // namespace logpipe
