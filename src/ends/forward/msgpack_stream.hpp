// Cuts a stream of bytes into whole msgpack values. Pure: the caller brings the bytes. Each byte is read once,
// however small the pieces it comes in; memory grows with what has come, never with what a length claims.
#pragma once

#include "logpipe/result.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace logpipe::forward {

class msgpack_stream final {
  public:
    explicit msgpack_stream(std::size_t value_bytes_max) noexcept : value_bytes_max_{value_bytes_max} {}

    /// For the values after this one.
    void set_value_bytes_max(std::size_t bytes) noexcept { value_bytes_max_ = bytes; }
    /// Where the next bytes go; never empty. Views that next() gave are invalid from here on.
    [[nodiscard]] std::span<char> space();
    /// So many bytes have been put there.
    void commit(std::size_t bytes) noexcept;
    /// The next whole value, or none: more bytes are needed.
    /// @return errc::protocol for bytes that are not msgpack, and the stream is broken for good; errc::too_large as
    /// soon as a value claims to be, and the caller takes it from here by buffered() and drop(), or drops the stream.
    [[nodiscard]] result<std::optional<std::string_view>> next();
    /// What has come and was not given out.
    [[nodiscard]] std::string_view buffered() const noexcept { return {buffer_.get() + begin_, end_ - begin_}; }
    /// Takes bytes off its front; a value is expected after them.
    void drop(std::size_t bytes) noexcept;
    /// Bytes of a value that is not whole yet.
    [[nodiscard]] std::size_t buffered_bytes() const noexcept { return end_ - begin_; }
    /// Memory that it takes.
    [[nodiscard]] std::size_t held_bytes() const noexcept { return capacity_; }
    /// Where nothing is buffered, and it takes more than so many bytes, its memory goes until the next space().
    void release_above(std::size_t bytes) noexcept;

  private:
    void make_room();
    [[nodiscard]] result<> scan_header();

    std::size_t value_bytes_max_;
    struct freed {
        void operator()(char* bytes) const noexcept { std::free(bytes); }
    };
    std::unique_ptr<char, freed> buffer_;  // of malloc: realloc moves large ones without a second copy
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;          // of the first value that was not given out
    std::size_t end_ = 0;            // of the bytes there are
    std::size_t scanned_ = 0;        // up to here is understood; beyond end_ while a payload is still to come
    std::uint64_t values_left_ = 1;  // headers to come until the value is whole
};

}  // namespace logpipe::forward
