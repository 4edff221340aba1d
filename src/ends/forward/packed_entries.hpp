// The entries of a CompressedPackedForward message, decompressed piece by piece.
#pragma once

#include "forward_message.hpp"

#include "codec/gzip.hpp"
#include "codec/zstd.hpp"
#include "logpipe/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

namespace logpipe::forward {

/// One thread. `packed` outlives it.
class packed_entries final {
  public:
    packed_entries(forward_compression how, std::string_view packed);

    /// Appends at most so many bytes, fewer only at the end. @return errc::corrupt. Throws std::bad_alloc; what was
    /// appended before stays, and the next call goes on after it.
    [[nodiscard]] result<> read(std::string& into, std::size_t bytes_max);
    [[nodiscard]] bool has_ended() const noexcept { return has_ended_; }

  private:
    using inflaters = std::variant<codec::gzip_inflater, codec::zstd_inflater>;

    std::string_view format_;
    inflaters inflater_;
    std::string_view packed_;  // what is left
    bool has_ended_ = false;
};

}  // namespace logpipe::forward
