// The `state` file: how far readers in other processes may read. The writer writes its 64 bytes over after each sync:
//
//   byte  size
//      0     8  magic "LPSTATE1"
//      8     8  epoch
//     16     8  offset that readers do not pass
//     24     8  first offset of the segment that is written to
//     32     8  bytes of it that are safe
//     40    20  0
//     60     4  CRC-32C of bytes 0 to 59; a reader that sees half a write reads it again
//
// It is not synced: after a power cut it may say too little until the writer is back, never too much, because the
// data was synced before.
#pragma once

#include "core/file.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace logpipe::journal {

/// How far the topic may be read.
struct synced_mark {
    std::uint64_t epoch = 0;
    std::uint64_t offset = 0;
    std::uint64_t segment = 0;  ///< first offset of the active segment
    std::uint64_t bytes = 0;    ///< in the active segment; older ones may be read to their ends

    friend bool operator==(synced_mark const&, synced_mark const&) = default;
};

inline constexpr std::size_t state_bytes = 64;

[[nodiscard]] std::string state_path(std::string const& folder);
[[nodiscard]] std::array<char, state_bytes> encode_state(synced_mark const& mark) noexcept;
[[nodiscard]] std::optional<synced_mark> decode_state(std::string_view bytes) noexcept;

}  // namespace logpipe::journal
