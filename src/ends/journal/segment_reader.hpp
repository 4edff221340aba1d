// Reads the frames of one segment, and finds the next good one after damage.
#pragma once

#include "core/file.hpp"
#include "segment_format.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace logpipe::journal {

enum class segment_step { frame, damage, end };

enum class read_depth {
    headers,  ///< payloads are jumped over, unread and unchecked
    whole,
};

/// One thread. `from` outlives it.
class segment_reader final {
  public:
    /// @param read_ahead_bytes  least to ask the file for at a time
    explicit segment_reader(file const& from, std::size_t read_ahead_bytes = std::size_t{256} << 10U)
        : from_{from}, read_ahead_bytes_{read_ahead_bytes} {}

    /// The next frame or damage below `end_bytes`, which never goes down: bytes below it do not change any more.
    /// Damage reaches to the next header that is whole, or to the end.
    [[nodiscard]] result<segment_step> next(std::uint64_t end_bytes, read_depth depth = read_depth::whole);

    /// Of the last step, and for the payload (empty at read_depth::headers) until the next one.
    [[nodiscard]] frame_header const& header() const noexcept { return header_; }
    [[nodiscard]] std::string_view payload() const noexcept { return payload_; }
    [[nodiscard]] std::uint64_t step_begin() const noexcept { return begin_; }
    /// After damage: the header is whole and only the payload is bad.
    [[nodiscard]] bool header_is_whole() const noexcept { return header_is_whole_; }
    /// Where the next step begins.
    [[nodiscard]] std::uint64_t position() const noexcept { return at_; }
    void rewind(std::uint64_t position) noexcept { at_ = position; }

  private:
    [[nodiscard]] result<std::string_view> peek(std::uint64_t at, std::uint64_t bytes, std::uint64_t end_bytes);
    [[nodiscard]] result<std::uint64_t> find_header(std::uint64_t from, std::uint64_t end_bytes);

    file const& from_;
    std::size_t const read_ahead_bytes_;
    std::vector<char> buffer_;  // only grows; valid up to buffered_bytes_
    std::size_t buffered_bytes_ = 0;
    std::uint64_t buffer_begin_ = 0;
    std::uint64_t at_ = 0;
    std::uint64_t begin_ = 0;
    frame_header header_;
    bool header_is_whole_ = false;
    std::string_view payload_;
};

}  // namespace logpipe::journal
