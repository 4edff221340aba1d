// Writes bytes one after the other into memory that was made before. No checks on the way: the capacity is checked
// once.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace logpipe::formats {

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
        for (std::size_t i = 0; i < bytes.size(); i += block_bytes) std::memcpy(at_ + i, bytes.data() + i, block_bytes);
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
    /// `count` bytes were written at `at()`.
    void add_written(std::size_t count) noexcept { at_ += count; }
    void put_number(std::int64_t value) noexcept { at_ = std::to_chars(at_, at_ + 20, value).ptr; }

  private:
    [[nodiscard]] std::string_view without_first_comma(std::string_view bytes) const noexcept {
        std::size_t const left_out = at_[-1] == '{' && bytes.starts_with(',') ? 1 : 0;
        return {bytes.data() + left_out, bytes.size() - left_out};
    }

    char* at_;
};

}  // namespace logpipe::formats
