// Bytes that may be compressed: what is in them, where their beginning says gzip or zstd.
#pragma once

#include "lines/byte_input.hpp"

#include <memory>
#include <string>

namespace logpipe::lines {

/// The bytes of `from`, decompressed where they are gzip (RFC 1952) or zstd (RFC 8878), whatever their name says.
/// @param name  of the input, for errors: errc::corrupt where the compressed data is damaged or ends in the middle
[[nodiscard]] std::unique_ptr<byte_input> make_unpacked(std::unique_ptr<byte_input> from, std::string name);

}  // namespace logpipe::lines
