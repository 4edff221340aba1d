// 16 bytes of a text at once: which of them are looked for. Lines have readable bytes after their end, so that a block
// may begin at any byte of one.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace logpipe::formats {

class byte_block final {
  public:
    static constexpr std::size_t bytes = 16;
    /// A bit for each byte, the lowest for the first.
    using mask = std::uint32_t;

#ifdef __SSE2__
    explicit byte_block(char const* at) noexcept : block_{_mm_loadu_si128(reinterpret_cast<__m128i const*>(at))} {}

    [[nodiscard]] mask equal_to(char c) const noexcept { return bits(is(c)); }
    [[nodiscard]] mask equal_to(char one, char other) const noexcept { return bits(_mm_or_si128(is(one), is(other))); }
    /// What is not printable ASCII, and backslashes.
    [[nodiscard]] mask not_plain() const noexcept {
        // As signed numbers, 0x7f and all bytes above it are below 0x21 too when one is added.
        auto const not_printable = _mm_cmplt_epi8(_mm_add_epi8(block_, _mm_set1_epi8(1)), _mm_set1_epi8(0x21));
        return bits(_mm_or_si128(not_printable, is('\\')));
    }
    /// What a JSON text does not hold as it is: quotes, backslashes, control characters.
    [[nodiscard]] mask special() const noexcept {
        auto const last_control = _mm_set1_epi8(0x1f);
        return bits(_mm_or_si128(quotes_and_backslashes(), _mm_cmpeq_epi8(_mm_min_epu8(block_, last_control), block_)));
    }
    /// The same, and what is not ASCII.
    [[nodiscard]] mask special_or_not_ascii() const noexcept {
        return bits(_mm_or_si128(quotes_and_backslashes(), _mm_cmplt_epi8(block_, _mm_set1_epi8(0x20))));
    }
    void copy_to(char* to) const noexcept { _mm_storeu_si128(reinterpret_cast<__m128i*>(to), block_); }

  private:
    [[nodiscard]] __m128i quotes_and_backslashes() const noexcept { return _mm_or_si128(is('"'), is('\\')); }
    [[nodiscard]] __m128i is(char c) const noexcept { return _mm_cmpeq_epi8(block_, _mm_set1_epi8(c)); }
    [[nodiscard]] static mask bits(__m128i found) noexcept { return static_cast<mask>(_mm_movemask_epi8(found)); }

    __m128i block_;
#else
    explicit byte_block(char const* at) noexcept { std::memcpy(block_.data(), at, bytes); }

    [[nodiscard]] mask equal_to(char c) const noexcept {
        return those([c](char each) { return each == c; });
    }
    [[nodiscard]] mask equal_to(char one, char other) const noexcept { return equal_to(one) | equal_to(other); }
    /// What is not printable ASCII, and backslashes.
    [[nodiscard]] mask not_plain() const noexcept {
        return those([](char each) { return each < 0x20 || each > 0x7e || each == '\\'; });
    }
    /// What a JSON text does not hold as it is: quotes, backslashes, control characters.
    [[nodiscard]] mask special() const noexcept {
        return those([](char each) { return static_cast<unsigned char>(each) < 0x20 || each == '"' || each == '\\'; });
    }
    /// The same, and what is not ASCII.
    [[nodiscard]] mask special_or_not_ascii() const noexcept {
        return those([](char each) { return each < 0x20 || each > 0x7f || each == '"' || each == '\\'; });
    }
    void copy_to(char* to) const noexcept { std::memcpy(to, block_.data(), bytes); }

  private:
    template <class Wanted>
    [[nodiscard]] mask those(Wanted wanted) const noexcept {
        mask found = 0;
        for (std::size_t i = 0; i < bytes; ++i) found |= mask{wanted(block_[i])} << i;
        return found;
    }

    std::array<char, bytes> block_;
#endif
};

/// How many bytes come before the first of `found`, which is not empty.
[[nodiscard]] inline std::size_t first_of(byte_block::mask found) noexcept {
    return static_cast<std::size_t>(std::countr_zero(found));
}

/// The first `c` from `at` on, else `end`. Reads less than a block after the end.
[[nodiscard]] inline char const* find_byte(char const* at, char const* end, char c) noexcept {
    for (; at < end; at += byte_block::bytes)
        if (auto const found = byte_block{at}.equal_to(c); found != 0) return std::min(at + first_of(found), end);
    return end;
}

/// Whether `first` and `second` are somewhere next to each other. Reads up to a block after the text.
[[nodiscard]] inline bool contains_pair(std::string_view text, char first, char second) noexcept {
    for (std::size_t i = 0; i + 1 < text.size(); i += byte_block::bytes) {
        auto const* const at = text.data() + i;
        auto const found = byte_block{at}.equal_to(first) & byte_block{at + 1}.equal_to(second);
        if (found != 0) return i + first_of(found) + 1 < text.size();
    }
    return false;
}

}  // namespace logpipe::formats
