// Writes bytes one after the other into memory that was made before. No checks on the way: the capacity is checked
// once.
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace logpipe::formats {

namespace pairs {
inline constexpr auto digits = [] {
    std::array<char, 200> all{};
    for (std::size_t i = 0; i < 100; ++i) {
        all[2 * i] = static_cast<char>('0' + i / 10);
        all[2 * i + 1] = static_cast<char>('0' + i % 10);
    }
    return all;
}();
}  // namespace pairs

/// @param value  under 100
inline void write_two_digits(char* to, std::uint32_t value) noexcept {
    std::memcpy(to, pairs::digits.data() + std::size_t{2} * value, 2);
}

class document_writer final {
  public:
    static constexpr std::size_t block_bytes = 32;

    explicit document_writer(char* at) noexcept : at_{at} {}

    [[nodiscard]] char* at() const noexcept { return at_; }
    void put(char c) noexcept { *at_++ = c; }
    void put(std::string_view bytes) noexcept {
        std::memcpy(at_, bytes.data(), bytes.size());
        at_ += bytes.size();
    }
    /// For bytes that have `block_bytes` readable ones after them: whole blocks are copied, which costs no call.
    /// Capacity for one more block must be after the document.
    void put_blocks(std::string_view bytes) noexcept {
        std::size_t i = 0;
        do {
            std::memcpy(at_ + i, bytes.data() + i, block_bytes);
            i += block_bytes;
        } while (i < bytes.size());
        at_ += bytes.size();
    }
    /// After a `{`, the comma that a member begins with is left out. Something was written before.
    void put_member(std::string_view bytes) noexcept { put(without_first_comma(bytes)); }
    void put_member_blocks(std::string_view bytes) noexcept { put_blocks(without_first_comma(bytes)); }
    /// For a function that writes exactly `count` bytes at the position that is returned.
    [[nodiscard]] char* put_room(std::size_t count) noexcept {
        char* const capacity = at_;
        at_ += count;
        return capacity;
    }
    /// Milliseconds since the Unix epoch: those of the years 2001 to 2286, which have 13 digits, are written in pairs.
    void put_millis(std::int64_t value) noexcept {
        if (value < 1'000'000'000'000 || value > 9'999'999'999'999) {
            at_ = std::to_chars(at_, at_ + 20, value).ptr;
            return;
        }
        auto const high = static_cast<std::uint32_t>(value / 100'000'000);
        auto const low = static_cast<std::uint32_t>(value % 100'000'000);
        *at_ = static_cast<char>('0' + high / 10'000);
        write_two_digits(at_ + 1, high / 100 % 100);
        write_two_digits(at_ + 3, high % 100);
        write_two_digits(at_ + 5, low / 1'000'000);
        write_two_digits(at_ + 7, low / 10'000 % 100);
        write_two_digits(at_ + 9, low / 100 % 100);
        write_two_digits(at_ + 11, low % 100);
        at_ += 13;
    }

  private:
    [[nodiscard]] std::string_view without_first_comma(std::string_view bytes) const noexcept {
        std::size_t const left_out = at_[-1] == '{' && bytes.starts_with(',') ? 1 : 0;
        return {bytes.data() + left_out, bytes.size() - left_out};
    }

    char* at_;
};

}  // namespace logpipe::formats
