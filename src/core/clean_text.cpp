#include "core/clean_text.hpp"

#include "core/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>

namespace logpipe {

namespace {

/// Of a well-formed sequence.
char32_t character_of(std::string_view sequence) noexcept {
    auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(sequence[i]); };
    if (sequence.size() == 1) return byte(0);
    char32_t character = byte(0) & (0x7fU >> sequence.size());
    for (std::size_t i = 1; i < sequence.size(); ++i) character = (character << 6U) | (byte(i) & 0x3fU);
    return character;
}

/// Control characters drive a terminal; the others turn the text around them, end its line, or cannot be seen.
bool disguises(char32_t c) noexcept {
    struct range {
        char32_t first;
        char32_t last;
    };
    static constexpr std::array ranges{range{0x00, 0x1f},     range{0x7f, 0x9f},     range{0x61c, 0x61c},
                                       range{0x200b, 0x200f}, range{0x2028, 0x202e}, range{0x2060, 0x2069},
                                       range{0xfeff, 0xfeff}};
    return std::ranges::any_of(ranges, [c](range const& each) { return each.first <= c && c <= each.last; });
}

/// Calls `each` with every sequence of UTF-8 and with every byte that is not part of one.
template <class Each>
void for_each_sequence(std::string_view text, Each each) {
    for (auto const *at = text.data(), *const end = at + text.size(); at != end;) {
        auto const bytes = utf8_sequence_bytes(at, end);
        each(std::string_view{at, bytes == 0 ? 1 : bytes}, bytes != 0);
        at += bytes == 0 ? 1 : bytes;
    }
}

}  // namespace

std::string clean_utf8(std::string_view text) {
    std::string out{text};
    if (!is_utf8(out)) std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) > 0x7f; }, '?');
    return out;
}

std::string clean_line(std::string_view text) {
    std::string out;
    for_each_sequence(clean_utf8(text), [&out](std::string_view sequence, bool) {
        out.append(disguises(character_of(sequence)) ? " " : sequence);
    });
    return out;
}

std::string visible_text(std::string_view text) {
    std::string out;
    for_each_sequence(text, [&out](std::string_view sequence, bool well_formed) {
        if (!well_formed) {
            fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(sequence.front()));
        } else if (auto const c = character_of(sequence); disguises(c) && c != U'\n' && c != U'\t') {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<std::uint32_t>(c));
        } else {
            out.append(sequence);
        }
    });
    return out;
}

std::string_view well_formed_utf8(std::string_view text, std::string& buffer) {
    if (is_utf8(text)) return text;
    buffer.clear();
    for (auto const *at = text.data(), *const end = at + text.size(); at != end;) {
        auto const bytes = utf8_sequence_bytes(at, end);
        buffer.append(bytes == 0 ? std::string_view{"\xef\xbf\xbd"} : std::string_view{at, bytes});
        at += bytes == 0 ? 1 : bytes;
    }
    return buffer;
}

}  // namespace logpipe
