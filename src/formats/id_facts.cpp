#include "id_facts.hpp"

#include <array>
#include <cstring>

namespace logpipe::formats {

namespace {

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014; variant 13 by Stafford): a bijection on 64 bits.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t value) noexcept {
    value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
    value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
    return value ^ (value >> 31U);
}

constexpr auto hex_pairs = [] {
    constexpr char const* digits = "0123456789abcdef";
    std::array<std::array<char, 2>, 256> pairs{};
    for (unsigned i = 0; i < 256; ++i) pairs[i] = {digits[i >> 4U], digits[i & 15U]};
    return pairs;
}();

void write_hex64(std::uint64_t value, char* out) noexcept {
    for (unsigned i = 0; i < 8; ++i) {
        auto const& pair = hex_pairs[(value >> (56U - 8U * i)) & 255U];
        std::memcpy(out + 2 * i, pair.data(), pair.size());
    }
}

}  // namespace

void id_hash::write_hex(char* out) const noexcept {
    write_hex64(high, out);
    write_hex64(low, out + 16);
}

std::size_t id_hash::pick(std::size_t count) const noexcept {
    return static_cast<std::size_t>(((mix(high ^ low) >> 32U) * count) >> 32U);
}

id_hash hash_of(event_id id) noexcept {
    // Each step can be undone (low from `second` and `first`, then high from `first`), hence one to one.
    std::uint64_t const first = mix(id.high ^ mix(id.low + 0x9e3779b97f4a7c15U));
    std::uint64_t const second = mix(id.low ^ mix(first + 0x3c6ef372fe94f82aU));
    return {.high = first, .low = second};
}

}  // namespace logpipe::formats
