// What a file holds up to some offset, as a hash that grows with it: whether another file begins with the same bytes is
// known without keeping them. Blocks of fixed size are chained, so that reading on needs the last block only.
#pragma once

#include "core/chunk_hash.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace logpipe::files {

/// Also the block that a line's id names: part of the ids, and of what is stored.
inline constexpr std::uint64_t block_bytes = std::uint64_t{512} << 10U;

/// The hash of all bytes before `offset`.
struct content_mark {
    std::uint64_t offset = 0;
    std::uint64_t hash = 0;

    friend bool operator==(content_mark const&, content_mark const&) = default;
};

/// Where a hash was, with what is needed to grow it further from there.
struct content_position {
    content_mark at;
    std::uint64_t block_hash = 0;  ///< of all before the block that `at` is in

    [[nodiscard]] std::uint64_t block_begin() const noexcept { return at.offset / block_bytes * block_bytes; }
    friend bool operator==(content_position const&, content_position const&) = default;
};

/// One thread.
class content_hash final {
  public:
    content_hash() { begin_block(0); }
    /// Grows from the block of `position` on: the bytes from its begin to its offset are added next.
    explicit content_hash(content_position const& position, std::vector<content_mark> marks = {});

    void add(std::string_view bytes);
    [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
    [[nodiscard]] content_position position();
    /// Places at which a shorter or longer file can be compared: powers of two, and the last ends of blocks.
    [[nodiscard]] std::vector<content_mark> const& marks() const noexcept { return marks_; }

    static constexpr std::uint64_t first_mark = 64;
    static constexpr std::size_t last_blocks = 8;

  private:
    void begin_block(std::uint64_t hash);
    void add_mark(std::uint64_t hash);

    chunk_hasher hasher_;
    std::uint64_t offset_ = 0;
    std::uint64_t block_hash_ = 0;
    std::vector<content_mark> marks_;  // ascending
};

}  // namespace logpipe::files
