// Zstandard streams (RFC 8878), several frames in a row included, in bounded steps. libzstd stays behind this header.
#pragma once

#include "logpipe/result.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace logpipe::codec {

/// Decompresses pieces as they arrive. One thread. A frame whose window is above 128 MiB, which is all the memory it
/// takes, is rejected.
class zstd_inflater final {
  public:
    zstd_inflater();
    ~zstd_inflater();
    zstd_inflater(zstd_inflater&&) noexcept;
    zstd_inflater& operator=(zstd_inflater&&) noexcept;

    /// Consumes from the front of `input` and appends at most `output_bytes_max` to `output`; call again while `input`
    /// is not empty or the output was filled.
    /// @return errc::corrupt for bytes that are not zstd; garbage after a complete frame included.
    [[nodiscard]] result<> inflate(std::string_view& input, std::string& output, std::size_t output_bytes_max);
    /// True between frames: an end of input here is not a truncation.
    [[nodiscard]] bool at_end() const noexcept;

  private:
    struct state;
    std::unique_ptr<state> state_;
};

/// All of `input` at once. @return errc::too_large above `output_bytes_max`, errc::corrupt for bad or truncated input.
[[nodiscard]] result<std::string> unzstd(std::string_view input, std::size_t output_bytes_max);
[[nodiscard]] std::string zstd(std::string_view input, int level = 1);

}  // namespace logpipe::codec
