#include "base/clean_text.hpp"

#include "base/utf8.hpp"

#include <algorithm>

namespace logpipe {

std::string clean_utf8(std::string_view text) {
    std::string out{text};
    if (!is_utf8(out)) std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) > 0x7f; }, '?');
    return out;
}

std::string clean_line(std::string_view text) {
    std::string out = clean_utf8(text);
    std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    // U+0080 to U+009F are control characters too; in UTF-8 they are c2 80 to c2 9f.
    for (std::size_t i = 0; i + 1 < out.size(); ++i)
        if (out[i] == '\xc2' && static_cast<unsigned char>(out[i + 1]) < 0xa0) out.replace(i, 2, " ");
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
