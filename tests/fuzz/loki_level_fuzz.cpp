// Lines of containers: any bytes have a level of the set or none, and the line that is sent is what came, mended.
#include "json_fields.hpp"
#include "level.hpp"

#include "core/assert.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

using namespace logpipe::loki;

namespace {

bool is_level(std::string_view word) {
    constexpr std::array<std::string_view, 9> words{"",      "trace",    "debug", "info",   "warn",
                                                    "error", "critical", "fatal", "unknown"};
    return std::ranges::find(words, word) != words.end();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const bytes{reinterpret_cast<char const*>(data), size};
    LOGPIPE_ASSERT(is_level(level_of_name(bytes)));
    LOGPIPE_ASSERT(is_level(level_of_text(bytes)));
    std::string buffer;
    auto const plain = without_escapes(bytes, buffer);
    LOGPIPE_ASSERT(plain.size() <= bytes.size());
    static entry_reader reader;  // as the sink keeps it
    auto const entry = reader.read(bytes, "tag");
    LOGPIPE_ASSERT(is_level(entry.level));
    LOGPIPE_ASSERT(entry.line.size() <= 3 * bytes.size());  // U+FFFD for a byte
    return 0;
}
