#include "text/lists.hpp"

#include "core/json_text.hpp"
#include "text/escapes.hpp"

namespace logpipe::formats {

std::vector<std::string> parts_of(std::string_view value, std::string_view by) {
    std::string text;
    undo_escapes(value.substr(1, value.size() - 2), text);
    std::vector<std::string> parts;
    for (std::size_t begin = 0;;) {
        auto const end = text.find(by, begin);
        parts.push_back(text.substr(begin, end == std::string::npos ? end : end - begin));
        if (end == std::string::npos) return parts;
        begin = end + by.size();
    }
}

void append_list(std::string_view value, std::string& out) {
    out += '[';
    for (auto const& part : parts_of(value, ",")) {
        auto const begin = part.find_first_not_of(' ');
        if (begin == std::string::npos) continue;
        if (out.size() > 1) out += ',';
        append_json_string(out, std::string_view{part}.substr(begin, part.find_last_not_of(' ') + 1 - begin));
    }
    out += ']';
}

}  // namespace logpipe::formats
