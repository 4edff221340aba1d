#include "base/base64.hpp"

#include <algorithm>
#include <cstdint>

namespace logpipe {

char* write_base64(char* to, std::string_view bytes) noexcept {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        auto const count = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k)
            group = group << 8U | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
        for (std::size_t k = 0; k < 4; ++k) *to++ = k <= count ? digits[(group >> (18U - 6U * k)) & 63U] : '=';
    }
    return to;
}

}  // namespace logpipe
