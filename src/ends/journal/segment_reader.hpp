// Reads the frames of one segment, and finds the next good one after damage.
#pragma once

#include "core/file.hpp"
#include "large_frame.hpp"
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
    static constexpr std::size_t held_bytes_usual = std::size_t{4} << 20U;

    /// @param read_ahead_bytes  least to ask the file for at a time
    /// @param held_bytes_max  a larger frame is read from the file twice: for its sum, and by portions
    explicit segment_reader(file const& from, std::size_t read_ahead_bytes = std::size_t{256} << 10U,
                            std::size_t held_bytes_max = held_bytes_usual)
        : from_{from}, read_ahead_bytes_{read_ahead_bytes}, held_bytes_max_{held_bytes_max}, large_{from} {}

    /// The next frame or damage below `end_bytes`, which never goes down: bytes below it do not change any more.
    /// Damage reaches to the next header that is whole, or to the end.
    [[nodiscard]] result<segment_step> next(std::uint64_t end_bytes, read_depth depth = read_depth::whole);

    /// Of the last step.
    [[nodiscard]] frame_header const& header() const noexcept { return header_; }
    /// Of the frame that the last step, at read_depth::whole, has found: its events from `from_offset` on, to the end
    /// of their portion. @return the offset after them
    [[nodiscard]] result<std::uint64_t> append_portion(std::uint64_t from_offset, batch& into);
    [[nodiscard]] std::uint64_t step_begin() const noexcept { return begin_; }
    /// After damage: the header is whole and only the payload is bad.
    [[nodiscard]] bool header_is_whole() const noexcept { return header_is_whole_; }
    /// Where the next step begins.
    [[nodiscard]] std::uint64_t position() const noexcept { return at_; }
    void rewind(std::uint64_t position) noexcept { at_ = position; }

  private:
    [[nodiscard]] result<std::string_view> peek(std::uint64_t at, std::uint64_t bytes, std::uint64_t end_bytes);
    [[nodiscard]] result<bool> read_payload(std::uint64_t end_bytes);
    [[nodiscard]] result<std::uint64_t> find_header(std::uint64_t from, std::uint64_t end_bytes);

    file const& from_;
    std::size_t const read_ahead_bytes_;
    std::size_t const held_bytes_max_;
    large_frame large_;
    std::vector<char> buffer_;  // only grows; valid up to buffered_bytes_
    std::size_t buffered_bytes_ = 0;
    std::uint64_t buffer_begin_ = 0;
    std::uint64_t at_ = 0;
    std::uint64_t begin_ = 0;
    frame_header header_;
    bool header_is_whole_ = false;
    std::string_view payload_;  // empty: the frame is a large one
};

}  // namespace logpipe::journal
