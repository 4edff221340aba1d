#include "core/json_text.hpp"

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

}  // namespace logpipe
