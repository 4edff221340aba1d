// Gzip streams (RFC 1952), several members in a row included, in bounded steps. zlib stays behind this header.
#pragma once

#include "logpipe/result.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace logpipe::codec {

/// Inflates pieces as they arrive. One thread.
class gzip_inflater final {
  public:
    gzip_inflater();
    ~gzip_inflater();
    gzip_inflater(gzip_inflater&&) noexcept;
    gzip_inflater& operator=(gzip_inflater&&) noexcept;

    /// Consumes from the front of `input` and appends at most `output_bytes_max` to `output`; call again while `input`
    /// is not empty or the output was filled.
    /// @return errc::corrupt for bytes that are not gzip; garbage after a complete member included.
    [[nodiscard]] result<> inflate(std::string_view& input, std::string& output, std::size_t output_bytes_max);
    /// True between members: an end of input here is not a truncation.
    [[nodiscard]] bool at_end() const noexcept;

  private:
    struct state;
    std::unique_ptr<state> state_;
};

/// All of `input` at once. @return errc::too_large above `output_bytes_max`, errc::corrupt for bad or truncated input.
[[nodiscard]] result<std::string> gunzip(std::string_view input, std::size_t output_bytes_max);
[[nodiscard]] std::string gzip(std::string_view input, int level = 1);

}  // namespace logpipe::codec
