// Any text as nginx's configuration and as a log_format string: what compiles reads any line without harm.
#include "formats/normalize.hpp"
#include "log_format/directives.hpp"
#include "log_format/log_format.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace logpipe::formats;
    std::string_view const text{reinterpret_cast<char const*>(data), size};
    std::size_t words = 0;
    directive_reader reader{text};
    for (auto directive = reader.next(); !directive.empty(); directive = reader.next()) words += directive.size();
    if (words > size) {
        std::fputs("more words than characters\n", stderr);
        std::abort();
    }
    auto const end = std::min(text.find('\n'), text.size());
    auto const format = log_line_format::compile(text.substr(0, end));
    if (!format) return 0;
    std::string line{text.substr(std::min(end + 1, text.size()))};
    auto const bytes = line.size();
    line.resize(bytes + text_members::padding_bytes);
    text_members members;
    std::string reason;
    std::string_view const whole{line.data(), bytes};
    if (!members.begin(whole, true)) return 0;
    if (!format->parse(whole, members, reason) && reason.empty()) {
        std::fputs("no reason\n", stderr);
        std::abort();
    }
    return 0;
}
