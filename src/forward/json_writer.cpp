#include "json_writer.hpp"

#include "base/base64.hpp"
#include "base/bytes.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace logpipe {

namespace {

constexpr std::uint64_t every_byte = 0x0101'0101'0101'0101;
constexpr std::uint64_t high_bits = every_byte * 0x80;

/// The high bit of each byte that is a quote, a backslash, below 0x20 or above 0x7f. Exact for the first such byte; a
/// borrow may mark later ones falsely.
constexpr std::uint64_t special_bytes(std::uint64_t word) noexcept {
    constexpr auto zero = [](std::uint64_t x) { return (x - every_byte) & ~x; };
    auto const control = (word - every_byte * 0x20) & ~word;
    return (control | zero(word ^ (every_byte * '"')) | zero(word ^ (every_byte * '\\')) | word) & high_bits;
}

constexpr bool is_special(char character) noexcept {
    auto const byte = static_cast<unsigned char>(character);
    return byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\';
}

/// How many bytes stand before the first special one.
constexpr std::size_t clean_bytes(std::uint64_t word) noexcept {
    return static_cast<std::size_t>(std::countr_zero(special_bytes(word))) / 8;
}

/// Copies one. @return its clean_bytes()
std::size_t copy_word(char const* from, char* to) noexcept {
    auto const word = load_little<std::uint64_t>(from);
    store_little(to, word);
    return clean_bytes(word);
}

constexpr std::size_t block_bytes = 16;

/// The same for a block.
std::size_t copy_block(char const* from, char* to) noexcept {
#ifdef __SSE2__
    auto const block = _mm_loadu_si128(reinterpret_cast<__m128i const*>(from));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), block);
    // As signed numbers, bytes above 0x7f are below 0x20 too.
    auto const special = _mm_or_si128(
        _mm_cmplt_epi8(block, _mm_set1_epi8(0x20)),
        _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')), _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'))));
    auto const mask = static_cast<unsigned>(_mm_movemask_epi8(special)) | 1U << block_bytes;
    return static_cast<std::size_t>(std::countr_zero(mask));
#else
    auto const clean = copy_word(from, to);
    return clean < sizeof(std::uint64_t) ? clean : clean + copy_word(from + clean, to + clean);
#endif
}

/// U+EF80 to U+EFFF are EE BE 80 to EE BF BF.
bool stands_for_byte(char const* at) noexcept {
    return at[0] == '\xee' && (static_cast<unsigned char>(at[1]) & 0xfeU) == 0xbe;
}

}  // namespace

void json_writer::grow(std::size_t bytes) {
    auto const wanted = std::max({written_ + bytes, text_.size() * 2, std::size_t{4096}});
    auto const keep = written_;
    // Not resize(): the new bytes need no zeros, they are written next.
    text_.resize(keep);
    text_.resize_and_overwrite(std::max(wanted, text_.capacity()), [](char*, std::size_t size) { return size; });
}

void json_writer::raw(std::string_view bytes) {
    std::memcpy(room(bytes.size()), bytes.data(), bytes.size());
    written_ += bytes.size();
}

void json_writer::integer(std::int64_t value) {
    auto* const begin = room(20);
    written_ += static_cast<std::size_t>(std::to_chars(begin, begin + 20, value).ptr - begin);
}

void json_writer::unsigned_integer(std::uint64_t value) {
    auto* const begin = room(20);
    written_ += static_cast<std::size_t>(std::to_chars(begin, begin + 20, value).ptr - begin);
}

void json_writer::real(double value) {
    if (std::isnan(value)) return raw("\"NaN\"");
    if (std::isinf(value)) return raw(value < 0 ? "\"-Infinity\"" : "\"Infinity\"");
    constexpr std::size_t bytes_max = 32;
    auto* const begin = room(bytes_max);
    auto* end = std::to_chars(begin, begin + bytes_max - 2, value).ptr;
    if (std::none_of(begin, end, [](char digit) { return digit == '.' || digit == 'e'; })) {
        *end++ = '.';
        *end++ = '0';
    }
    written_ += static_cast<std::size_t>(end - begin);
}

/// Copies up to the first byte that needs care, and looks at it on the way. The last block of a text overlaps the one
/// before, so that there is no rest to be copied byte by byte.
char const* json_writer::string_part(char const* at, char const* end) {
    auto const bytes = static_cast<std::size_t>(end - at);
    auto* const to = room(bytes);
    auto const copied = [&](std::size_t clean) {
        written_ += clean;
        return at + clean;
    };
    if (bytes >= block_bytes) {
        for (std::size_t i = 0;; i = std::min(i + block_bytes, bytes - block_bytes)) {
            if (auto const clean = copy_block(at + i, to + i); clean < block_bytes) return copied(i + clean);
            if (i + block_bytes == bytes) return copied(bytes);
        }
    }
    if (bytes >= sizeof(std::uint64_t)) {
        for (std::size_t const i : {std::size_t{0}, bytes - sizeof(std::uint64_t)})
            if (auto const clean = copy_word(at + i, to + i); clean < sizeof(std::uint64_t)) return copied(i + clean);
        return copied(bytes);
    }
    if (bytes >= sizeof(std::uint32_t)) {
        auto const first = load_little<std::uint32_t>(at);
        auto const last = load_little<std::uint32_t>(end - sizeof first);
        store_little(to, first);
        store_little(to + bytes - sizeof last, last);
        auto const clean = clean_bytes(first | std::uint64_t{last} << 32U);
        return copied(clean < sizeof first ? clean : clean - 2 * sizeof first + bytes);
    }
    std::size_t clean = 0;
    for (; clean < bytes && !is_special(at[clean]); ++clean) to[clean] = at[clean];
    return copied(clean);
}

bool json_writer::escape(char const*& at, char const* end) {
    constexpr std::string_view hex = "0123456789abcdef";
    auto const byte = static_cast<unsigned char>(*at);
    if (byte < 0x80) {
        ++at;
        switch (byte) {
            case '"':
                raw("\\\"");
                break;
            case '\\':
                raw("\\\\");
                break;
            case '\b':
                raw("\\b");
                break;
            case '\f':
                raw("\\f");
                break;
            case '\n':
                raw("\\n");
                break;
            case '\r':
                raw("\\r");
                break;
            case '\t':
                raw("\\t");
                break;
            default:
                raw("\\u00");
                raw(hex[byte >> 4U]);
                raw(hex[byte & 15U]);
        }
        return true;
    }
    auto const bytes = utf8_sequence_bytes(at, end);
    if (bytes != 0 && !stands_for_byte(at)) {
        raw({at, bytes});
        at += bytes;
        return true;
    }
    ++at;
    raw('\xee');
    raw(byte < 0xc0 ? '\xbe' : '\xbf');
    raw(static_cast<char>(0x80U | (byte & 0x3fU)));
    return false;
}

bool json_writer::string(std::string_view bytes) {
    bool is_text = true;
    raw('"');
    auto const* at = bytes.data();
    auto const* const end = at + bytes.size();
    while ((at = string_part(at, end)) != end)
        while (at != end && is_special(*at)) is_text &= escape(at, end);
    raw('"');
    return is_text;
}

void json_writer::base64(std::string_view bytes) {
    auto const* const to = write_base64(room(base64_bytes(bytes.size())), bytes);
    written_ = static_cast<std::size_t>(to - text_.data());
}

void append_unescaped_bytes(std::string& out, std::string_view text) {
    for (auto at = text.find('\xee'); at != std::string_view::npos; at = text.find('\xee')) {
        out.append(text.substr(0, at));
        text.remove_prefix(at);
        if (stands_for_byte(text.data())) {
            auto const top = text[1] == '\xbe' ? 0x80U : 0xc0U;
            out.push_back(static_cast<char>(top | (static_cast<unsigned char>(text[2]) & 0x3fU)));
        } else {
            out.append(text.substr(0, 3));
        }
        text.remove_prefix(3);
    }
    out.append(text);
}

}  // namespace logpipe
