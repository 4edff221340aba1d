// Finds the bytes that JSON text must not hold as they are, many at a time: what most texts have none of.
#pragma once

#include "core/bytes.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace logpipe::forward {

/// Neither a quote nor a backslash, from 0x20 to 0x7f: stands for itself in JSON.
[[nodiscard]] constexpr bool is_plain(char character) noexcept {
    auto const byte = static_cast<unsigned char>(character);
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

/// How many of a word's bytes, as they lie in memory, are plain before the first that is not.
[[nodiscard]] constexpr std::size_t plain_bytes(std::uint64_t word) noexcept {
    constexpr std::uint64_t every_byte = 0x0101'0101'0101'0101;
    constexpr auto zero = [](std::uint64_t x) { return (x - every_byte) & ~x; };
    // The high bit of each byte that is not plain. Exact for the first such byte; a borrow may mark later ones falsely.
    auto const control = (word - every_byte * 0x20) & ~word;
    auto const special = control | zero(word ^ (every_byte * '"')) | zero(word ^ (every_byte * '\\')) | word;
    return static_cast<std::size_t>(std::countr_zero(special & (every_byte * 0x80))) / 8;
}

inline constexpr std::size_t plain_block_bytes = 16;

/// The same for the block at `at`.
[[nodiscard]] inline std::size_t plain_bytes_in_block(char const* at) noexcept {
#ifdef __SSE2__
    auto const block = _mm_loadu_si128(reinterpret_cast<__m128i const*>(at));
    // As signed numbers, bytes above 0x7f are below 0x20 too.
    auto const special = _mm_or_si128(
        _mm_cmplt_epi8(block, _mm_set1_epi8(0x20)),
        _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')), _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'))));
    auto const mask = static_cast<unsigned>(_mm_movemask_epi8(special)) | 1U << plain_block_bytes;
    return static_cast<std::size_t>(std::countr_zero(mask));
#else
    auto const clean = plain_bytes(load_little<std::uint64_t>(at));
    return clean < sizeof(std::uint64_t) ? clean : clean + plain_bytes(load_little<std::uint64_t>(at + clean));
#endif
}

}  // namespace logpipe::forward
