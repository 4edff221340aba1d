#include "json_writer.hpp"

#include "codec/base64.hpp"
#include "core/bytes.hpp"
#include "core/utf8.hpp"
#include "plain_bytes.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

namespace logpipe::forward {

namespace {

/// Copies one. @return its plain_bytes()
std::size_t copy_word(char const* from, char* to) noexcept {
    auto const word = load_little<std::uint64_t>(from);
    store_little(to, word);
    return plain_bytes(word);
}

/// The same for a block.
std::size_t copy_block(char const* from, char* to) noexcept {
    auto const plain = plain_bytes_in_block(from);
    std::memcpy(to, from, plain_block_bytes);
    return plain;
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

/// Copies up to the first byte that needs care, and checks it on the way. The last block of a text overlaps the one
/// before, so that no rest has to be copied byte by byte.
char const* json_writer::string_part(char const* at, char const* end) {
    auto const bytes = static_cast<std::size_t>(end - at);
    auto* const to = room(bytes);
    auto const copied = [&](std::size_t plain) {
        written_ += plain;
        return at + plain;
    };
    if (bytes >= plain_block_bytes) {
        for (std::size_t i = 0;; i = std::min(i + plain_block_bytes, bytes - plain_block_bytes)) {
            if (auto const plain = copy_block(at + i, to + i); plain < plain_block_bytes) return copied(i + plain);
            if (i + plain_block_bytes == bytes) return copied(bytes);
        }
    }
    if (bytes >= sizeof(std::uint64_t)) {
        for (std::size_t const i : {std::size_t{0}, bytes - sizeof(std::uint64_t)})
            if (auto const plain = copy_word(at + i, to + i); plain < sizeof(std::uint64_t)) return copied(i + plain);
        return copied(bytes);
    }
    if (bytes >= sizeof(std::uint32_t)) {
        auto const first = load_little<std::uint32_t>(at);
        auto const last = load_little<std::uint32_t>(end - sizeof first);
        store_little(to, first);
        store_little(to + bytes - sizeof last, last);
        auto const plain = plain_bytes(first | std::uint64_t{last} << 32U);
        return copied(plain < sizeof first ? plain : plain - 2 * sizeof first + bytes);
    }
    std::size_t plain = 0;
    for (; plain < bytes && is_plain(at[plain]); ++plain) to[plain] = at[plain];
    return copied(plain);
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
        while (at != end && !is_plain(*at)) is_text &= escape(at, end);
    raw('"');
    return is_text;
}

void json_writer::base64(std::string_view bytes) {
    auto const* const to = codec::write_base64(room(codec::base64_bytes(bytes.size())), bytes);
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

}  // namespace logpipe::forward
