#include "quoted.hpp"

#include <fmt/format.h>

#include <cstddef>

namespace logpipe::formats {

std::string quoted_for_reason(std::string_view text) {
    constexpr std::size_t shown_bytes_max = 64;
    if (text.size() <= shown_bytes_max) return fmt::format("\"{}\"", text);
    std::size_t bytes = shown_bytes_max;
    while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0U) == 0x80U) --bytes;
    return fmt::format("\"{}…\"", text.substr(0, bytes));
}

}  // namespace logpipe::formats
