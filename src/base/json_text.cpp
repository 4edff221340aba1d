#include "base/json_text.hpp"

#include <array>
#include <cstdint>

namespace logpipe {

void append_json_string(std::string& out, std::string_view text) {
    constexpr std::string_view hex = "0123456789abcdef";
    out.push_back('"');
    for (char const c : text) {
        auto const code = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out.push_back('\\');
            out.push_back(c);
        } else if (code >= 0x20) {
            out.push_back(c);
        } else if (c == '\n') {
            out.append("\\n");
        } else if (c == '\t') {
            out.append("\\t");
        } else {
            out.append("\\u00");
            out.push_back(hex[code >> 4U]);
            out.push_back(hex[code & 15U]);
        }
    }
    out.push_back('"');
}

bool is_utf8(std::string_view text) noexcept {
    std::size_t i = 0;
    while (i < text.size()) {
        auto const byte = [&](std::size_t at) -> unsigned {
            return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
        };
        unsigned const lead = byte(i);
        if (lead < 0x80) {
            ++i;
            continue;
        }
        unsigned const second = byte(i + 1);
        auto const follows = [&](std::size_t at) { return (byte(at) & 0xc0U) == 0x80U; };
        // The bounds of the second byte keep out overlong forms, surrogates and what is above U+10FFFF.
        if (lead >= 0xc2 && lead <= 0xdf && follows(i + 1)) {
            i += 2;
        } else if ((lead & 0xf0U) == 0xe0 && follows(i + 1) && follows(i + 2) && !(lead == 0xe0 && second < 0xa0) &&
                   !(lead == 0xed && second > 0x9f)) {
            i += 3;
        } else if (lead >= 0xf0 && lead <= 0xf4 && follows(i + 1) && follows(i + 2) && follows(i + 3) &&
                   !(lead == 0xf0 && second < 0x90) && !(lead == 0xf4 && second > 0x8f)) {
            i += 4;
        } else {
            return false;
        }
    }
    return true;
}

}  // namespace logpipe
