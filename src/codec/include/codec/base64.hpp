// Base64 with padding (RFC 4648 section 4).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace logpipe::codec {

[[nodiscard]] constexpr std::size_t base64_bytes(std::size_t bytes) noexcept {
    return (bytes + 2) / 3 * 4;
}

/// Writes base64_bytes(bytes.size()) characters. @return after the last one
char* write_base64(char* to, std::string_view bytes) noexcept;
/// None where `text` is not what write_base64() writes.
[[nodiscard]] std::optional<std::string> read_base64(std::string_view text);

}  // namespace logpipe::codec
