#include "text/escapes.hpp"

#include "core/json_text.hpp"
#include "core/utf8.hpp"
#include "text/byte_block.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace logpipe::formats {

namespace {

constexpr std::uint32_t repaired_base = 0xef00;  // private use; forward's rule as well

constexpr std::string_view control_codes = "\b\f\n\r\t";
constexpr std::string_view control_names = "bfnrt";

template <class Number>
[[nodiscard]] std::optional<Number> hex(std::string_view digits, std::size_t count) noexcept {
    Number value = 0;
    if (digits.size() < count) return std::nullopt;
    auto const read = std::from_chars(digits.data(), digits.data() + count, value, 16);
    if (read.ec != std::errc{} || read.ptr != digits.data() + count) return std::nullopt;
    return value;
}

/// What the escapes of two bytes mean, by the second; 0: it makes none.
constexpr auto named_escapes = [] {
    std::array<char, 256> all{};
    constexpr std::string_view names = "bfnrtv\"\\/";
    constexpr std::string_view meant = "\b\f\n\r\t\v\"\\/";
    for (std::size_t i = 0; i < names.size(); ++i) all[static_cast<unsigned char>(names[i])] = meant[i];
    return all;
}();

/// At the front of a text.
struct unicode_escape {
    std::uint32_t character = 0;
    std::size_t bytes = 0;  ///< that it is written with; 0: there is none
};

[[nodiscard]] unicode_escape unicode_at(std::string_view text) noexcept {
    if (!text.starts_with("\\u")) return {};
    auto const unit = hex<std::uint32_t>(text.substr(2), 4);
    if (!unit) return {};
    if (*unit < 0xd800 || *unit > 0xdfff) return {*unit, 6};
    auto const rest = text.substr(6);
    auto const low = rest.starts_with("\\u") ? hex<std::uint32_t>(rest.substr(2), 4) : std::nullopt;
    if (*unit > 0xdbff || !low || *low < 0xdc00 || *low > 0xdfff) return {};
    return {0x10000 + ((*unit - 0xd800) << 10U) + (*low - 0xdc00), 12};
}

/// Of an escape of more than two bytes at the front of `text`, writes those that it means at `to`; of what is none, the
/// backslash.
/// @return the bytes of `text` that it took
std::size_t undo_long_escape(std::string_view text, char*& to) {
    if (auto const byte = hex_escape(text)) {
        *to++ = *byte;
        return 4;
    }
    if (auto const [character, bytes] = unicode_at(text); bytes > 0) {
        std::string utf8;
        append_utf8(utf8, character);
        to = std::ranges::copy(utf8, to).out;
        return bytes;
    }
    *to++ = '\\';
    return 1;
}

}  // namespace

std::optional<char> hex_escape(std::string_view text) noexcept {
    if (!text.starts_with("\\x")) return std::nullopt;
    auto const byte = hex<unsigned char>(text.substr(2), 2);
    if (!byte) return std::nullopt;
    return static_cast<char>(*byte);
}

void undo_escapes(std::string_view text, std::string& out) {
    auto const before = out.size();
    // What is undone is never longer; blocks are copied whole.
    out.resize_and_overwrite(before + text.size() + byte_block::bytes, [&](char* data, std::size_t) {
        char* to = data + before;
        auto const* at = text.data();
        auto const* const end = at + text.size();
        while (at < end) {
            byte_block const block{at};
            block.copy_to(to);
            auto const found = block.equal_to('\\');
            auto const plain = found == 0 ? byte_block::bytes : first_of(found);
            at += plain;
            to += plain;
            if (found == 0 || at >= end) continue;
            auto const named = end - at > 1 ? named_escapes[static_cast<unsigned char>(at[1])] : '\0';
            if (named != '\0') {
                *to++ = named;
                at += 2;
            } else {
                at += undo_long_escape({at, end}, to);
            }
        }
        return static_cast<std::size_t>(to - data - (at - end));  // the last block may go beyond the text
    });
}

bool append_repaired_json(std::string& out, std::string_view bytes) {
    bool repaired = false;
    for (auto const *at = bytes.data(), *const end = at + bytes.size(); at != end;) {
        auto const count = utf8_sequence_bytes(at, end);
        auto const byte = static_cast<unsigned char>(*at);
        if (count == 0) {
            append_utf8(out, repaired_base + byte);
            repaired = true;
        } else if (count > 1) {
            out.append(at, count);
        } else if (byte == '"' || byte == '\\') {
            out += '\\';
            out += *at;
        } else if (auto const at_name = control_codes.find(*at); byte < 0x20 && at_name != std::string_view::npos) {
            out += '\\';
            out += control_names[at_name];
        } else if (byte < 0x20) {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
        } else {
            out += *at;
        }
        at += count == 0 ? 1 : count;
    }
    return repaired;
}

bool is_digits(std::string_view text) noexcept {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view raw_key(char const* key) noexcept {
    char const* end = key;
    while (true) {
        auto const found = byte_block{end}.equal_to('"', '\\');
        if (found == 0) {
            end += byte_block::bytes;
            continue;
        }
        end += first_of(found);
        if (*end == '"') return {key, end};
        end += 2;
    }
}

}  // namespace logpipe::formats
