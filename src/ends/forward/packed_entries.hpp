// The entries of a CompressedPackedForward message, decompressed piece by piece.
#pragma once

#include "forward_message.hpp"

#include "codec/inflater.hpp"
#include "logpipe/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace logpipe::forward {

/// One thread. `packed` outlives it.
class packed_entries final {
  public:
    packed_entries(forward_compression how, std::string_view packed);

    /// Appends at most so many bytes, fewer only at the end. @return errc::corrupt. Throws std::bad_alloc; what was
    /// appended before stays, and the next call goes on after it.
    [[nodiscard]] result<> read(std::string& into, std::size_t bytes_max);
    [[nodiscard]] bool has_ended() const noexcept { return has_ended_; }
    /// "gzip" or "zstd".
    [[nodiscard]] std::string_view format() const noexcept { return inflater_.format(); }

  private:
    codec::inflater inflater_;
    std::string_view packed_;  // what is left
    bool has_ended_ = false;
};

}  // namespace logpipe::forward
