#include "json/mended_json.hpp"

#include "text/escapes.hpp"

#include <cstddef>

namespace logpipe::formats {

namespace {

[[nodiscard]] bool is_ascii(char c) noexcept {
    return static_cast<unsigned char>(c) < 0x80;
}

}  // namespace

repair mend_json(std::string_view line, std::string& into) {
    auto mended = repair::none;
    std::string run;  // bytes that may be UTF-8 together
    into.clear();
    bool in_text = false;
    for (std::size_t i = 0; i < line.size();) {
        char const c = line[i];
        if (!in_text || (c != '\\' && is_ascii(c))) {
            in_text ^= c == '"';
            into += c;
            ++i;
            continue;
        }
        run.clear();
        while (i < line.size()) {
            if (auto const byte = hex_escape(line.substr(i))) {
                run += *byte;
                i += 4;
                mended = mended | repair::escapes;
            } else if (!is_ascii(line[i])) {
                run += line[i++];
            } else {
                break;
            }
        }
        if (append_repaired_json(into, run)) mended = mended | repair::utf8;
        if (!run.empty()) continue;
        // Another escape: both of its bytes, as they are.
        into += line.substr(i, 2);
        i += 2;
    }
    return mended;
}

}  // namespace logpipe::formats
