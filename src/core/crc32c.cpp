#include "core/crc32c.hpp"

#include "core/bytes.hpp"

#include <array>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace logpipe {

namespace {

constexpr auto table = [] {
    std::array<std::uint32_t, 256> values{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit) value = (value >> 1U) ^ ((value & 1U) != 0 ? 0x82f63b78U : 0U);
        values[i] = value;
    }
    return values;
}();

std::uint32_t by_table(std::string_view bytes, std::uint32_t sum) noexcept {
    for (char const c : bytes) sum = (sum >> 8U) ^ table[(sum ^ static_cast<unsigned char>(c)) & 0xffU];
    return sum;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t by_instruction(std::string_view bytes, std::uint32_t sum) noexcept {
    std::uint64_t wide = sum;
    char const* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= 8; at += 8, left -= 8) wide = _mm_crc32_u64(wide, load_little<std::uint64_t>(at));
    sum = static_cast<std::uint32_t>(wide);
    for (; left > 0; ++at, --left) sum = _mm_crc32_u8(sum, static_cast<unsigned char>(*at));
    return sum;
}
#endif

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t before) noexcept {
    std::uint32_t const sum = ~before;
#if defined(__x86_64__)
    static bool const has_instruction = __builtin_cpu_supports("sse4.2");
    if (has_instruction) return ~by_instruction(bytes, sum);
#endif
    return ~by_table(bytes, sum);
}

}  // namespace logpipe
