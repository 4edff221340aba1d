// The positions of followed files as any bytes: a value or an error, and what is written is read. Any text is a pattern
// of paths. (Not --multiline-start: regcomp(3) takes gigabytes for some texts, which are the operator's own.)
#include "file_position.hpp"
#include "path_pattern.hpp"

#include "core/assert.hpp"

#include <cstdint>
#include <string>
#include <string_view>

using namespace logpipe;
using namespace logpipe::files;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const bytes{reinterpret_cast<char const*>(data), size};
    if (auto const read = parse_positions(bytes)) LOGPIPE_ASSERT(parse_positions(to_json(*read)).value() == *read);
    if (size > 256) return 0;  // a path is not longer
    std::string const text{bytes.substr(0, bytes.find('\0'))};
    static_cast<void>(path_pattern{text}.means("/var/log/nginx/access.log"));
    return 0;
}
