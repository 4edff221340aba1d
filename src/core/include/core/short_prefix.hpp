// Whether a text begins with another one, where that is short and the question comes for each key of each line.
#pragma once

#include "core/bytes.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace logpipe {

/// Two words are compared faster than memcmp is called. Immutable, so any thread may use it.
class short_prefix final {
  public:
    static constexpr std::size_t bytes_max = 16;

    short_prefix() = default;  ///< empty: all begins with it
    /// Of a longer text, the first `bytes_max` bytes.
    explicit short_prefix(std::string_view text) noexcept {
        std::array<char, bytes_max> bytes{};
        std::array<char, bytes_max> counts{};
        text.copy(bytes.data(), bytes.size());
        std::fill_n(counts.begin(), std::min(text.size(), counts.size()), '\xff');
        words_ = {load_little<std::uint64_t>(bytes.data()), load_little<std::uint64_t>(bytes.data() + 8)};
        masks_ = {load_little<std::uint64_t>(counts.data()), load_little<std::uint64_t>(counts.data() + 8)};
    }

    /// Reads `bytes_max` bytes from `text`, whatever the prefix's length.
    [[nodiscard]] bool is_at(char const* text) const noexcept {
        auto const first = (load_little<std::uint64_t>(text) ^ words_[0]) & masks_[0];
        auto const second = (load_little<std::uint64_t>(text + 8) ^ words_[1]) & masks_[1];
        return (first | second) == 0;
    }

  private:
    std::array<std::uint64_t, 2> words_{};  ///< the bytes, as they lie in memory…
    std::array<std::uint64_t, 2> masks_{};  ///< …and which of them count
};

}  // namespace logpipe
