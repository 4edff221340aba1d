// Reads a frame that is too large to be held: its sum in one pass, its events a portion at a time, straight from the
// file into a batch. Whatever a frame's size, a reader takes the memory of one portion.
#pragma once

#include "core/file.hpp"
#include "segment_format.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace logpipe::journal {

/// One thread. `from` outlives it.
class large_frame final {
  public:
    explicit large_frame(file const& from) : from_{from} {}

    /// The frame whose payload begins there.
    /// @return whether its sum is right and the rows describe exactly its bytes
    [[nodiscard]] result<bool> open(frame_header const& header, std::uint64_t payload_at);
    /// As append_portion() of a payload that is held.
    [[nodiscard]] result<std::uint64_t> append_portion(std::uint64_t from_offset, batch& into);

  private:
    /// A place between two events.
    struct place {
        std::size_t row = 0;
        std::uint64_t records = 0;  ///< bytes of all records before
    };
    [[nodiscard]] result<bool> read(std::uint64_t at, std::span<char> into) const;
    [[nodiscard]] result<place> read_portion_rows(place const& begin);

    file const& from_;
    frame_header header_;
    std::uint64_t payload_at_ = 0;
    std::string tag_;
    place portion_;           // where the last one that was looked for begins
    std::vector<char> rows_;  // of that portion, at least
};

}  // namespace logpipe::journal
