// Fixed-width numbers in byte strings. Our own files are little-endian; msgpack is big-endian.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <string>

namespace logpipe {

static_assert(std::endian::native == std::endian::little,
              "the journal's format is read and written without conversion");

template <std::unsigned_integral T>
[[nodiscard]] constexpr T swap_bytes(T value) noexcept {
    if constexpr (sizeof(T) == 1) return value;
    if constexpr (sizeof(T) == 2) return __builtin_bswap16(value);
    if constexpr (sizeof(T) == 4) return __builtin_bswap32(value);
    if constexpr (sizeof(T) == 8) return __builtin_bswap64(value);
}

template <std::unsigned_integral T>
[[nodiscard]] T load_little(char const* from) noexcept {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
}
template <std::unsigned_integral T>
[[nodiscard]] T load_big(char const* from) noexcept {
    return swap_bytes(load_little<T>(from));
}
template <std::unsigned_integral T>
void store_little(char* to, T value) noexcept {
    std::memcpy(to, &value, sizeof value);
}
template <std::unsigned_integral T>
void store_big(char* to, T value) noexcept {
    store_little(to, swap_bytes(value));
}

}  // namespace logpipe
