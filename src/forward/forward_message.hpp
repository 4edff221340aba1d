// One message of the forward protocol, taken apart but not yet decoded: views into the bytes it came in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace logpipe {

struct forward_limits {
    std::size_t message_bytes_max = std::size_t{64} << 20U;
    std::size_t decompressed_bytes_max = std::size_t{256} << 20U;
    std::uint32_t entries_max = 4'000'000;
    std::uint32_t nesting_max = 64;
};

enum class forward_mode : std::uint8_t { single, listed, packed };  ///< Message, Forward, PackedForward

struct forward_message {
    /// Longer ones are no tag and no chunk id, but an attempt at something.
    static constexpr std::size_t tag_bytes_max = 1024;
    static constexpr std::size_t chunk_bytes_max = 1024;

    std::string_view tag;
    forward_mode mode = forward_mode::packed;
    std::string_view entries;        ///< `time record` of a single one, `[time, record]…` of the others
    bool is_gzip = false;            ///< CompressedPackedForward: `entries` is compressed
    std::string_view chunk;          ///< the client's id of the chunk; empty: it wants no ack
    std::string_view chunk_msgpack;  ///< the same as it came, string or binary, to be sent back
    std::string_view whole;          ///< all of it
    /// Set: no event can be taken out of it; all of it goes to the dead letters. It is acked all the same, as it would
    /// be sent again and again otherwise.
    std::optional<std::string> refused;
};

/// Takes a whole msgpack value apart. @return none where it is not even an array.
[[nodiscard]] std::optional<forward_message> read_forward_message(std::string_view value, forward_limits const& limits);

}  // namespace logpipe
