// Writes JSON text at the end of a string that many values share, without an allocation per value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace logpipe::forward {

/// Owns the end of `text` while it lives; the text's size is only right once it is gone.
class json_writer final {
  public:
    explicit json_writer(std::string& text) noexcept : text_{text}, written_{text.size()} {}
    ~json_writer() { text_.resize(written_); }
    json_writer(json_writer const&) = delete;
    json_writer& operator=(json_writer const&) = delete;

    [[nodiscard]] std::size_t written() const noexcept { return written_; }
    [[nodiscard]] std::string_view since(std::size_t written) const noexcept {
        return {text_.data() + written, written_ - written};
    }
    /// Forgets what was written after `written`.
    void rewind(std::size_t written) noexcept { written_ = written; }

    void raw(char byte) {
        *room(1) = byte;
        ++written_;
    }
    void raw(std::string_view bytes);
    /// The first `count` of `bytes`, all of which are copied, as that needs no call.
    template <std::size_t Size>
    void block(std::array<char, Size> const& bytes, std::size_t count) {
        std::memcpy(room(Size), bytes.data(), Size);
        written_ += count;
    }
    void integer(std::int64_t value);
    void unsigned_integer(std::uint64_t value);
    /// The shortest text that reads back as the same double, always with a point or an exponent. What JSON has no
    /// number for is written as a string: "NaN", "Infinity", "-Infinity".
    void real(double value);
    /// Any bytes, in quotes. UTF-8 stays as it is but for what JSON must escape. Each byte that is not part of
    /// well-formed UTF-8 becomes the private-use character U+EF00 + byte (as in MirBSD's OPTU-8), and so does each byte
    /// of a character from U+EF80 to U+EFFF, so that the text stands for exactly one byte string: see unescape_bytes().
    /// @return false when a byte had to be escaped that way.
    bool string(std::string_view bytes);
    void base64(std::string_view bytes);

  private:
    /// Where `bytes` bytes can be written; the caller then adds to `written_`.
    char* room(std::size_t bytes) {
        if (text_.size() - written_ < bytes) grow(bytes);
        return text_.data() + written_;
    }
    void grow(std::size_t bytes);
    char const* string_part(char const* at, char const* end);
    bool escape(char const*& at, char const* end);

    std::string& text_;
    std::size_t written_;
};

/// Reads back what json_writer::string() did to bytes that are not UTF-8. @param text  unquoted, well-formed UTF-8
void append_unescaped_bytes(std::string& out, std::string_view text);

}  // namespace logpipe::forward
