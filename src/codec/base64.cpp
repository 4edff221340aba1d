#include "codec/base64.hpp"

#include <algorithm>
#include <cstdint>

namespace logpipe::codec {

namespace {

constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

char* write_base64(char* to, std::string_view bytes) noexcept {
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        auto const count = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k)
            group = group << 8U | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
        for (std::size_t k = 0; k < 4; ++k) *to++ = k <= count ? digits[(group >> (18U - 6U * k)) & 63U] : '=';
    }
    return to;
}

std::optional<std::string> read_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    std::size_t const padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        bool const pad = i + padding >= text.size();
        auto const digit = pad ? 0 : digits.find(text[i]);
        if (digit == std::string_view::npos) return std::nullopt;
        group = group << 6U | static_cast<std::uint32_t>(digit);
        if (i % 4 != 3) continue;
        for (unsigned k = 0; k < 3; ++k) bytes.push_back(static_cast<char>(group >> (16U - 8U * k) & 255U));
        group = 0;
    }
    for (std::size_t i = 0; i < padding; ++i) {
        if (bytes.back() != '\0') return std::nullopt;  // bits that no writer leaves
        bytes.pop_back();
    }
    return bytes;
}

}  // namespace logpipe::codec
