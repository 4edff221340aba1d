// One message of the forward protocol, taken apart but not yet decoded: views into the bytes it came in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace logpipe::forward {

struct forward_limits {
    std::size_t message_bytes_max = std::size_t{64} << 20U;
    std::size_t decompressed_bytes_max = std::size_t{256} << 20U;
    std::size_t event_bytes_max = std::size_t{8} << 20U;  ///< of an entry, and of its record as JSON
    std::uint32_t entries_max = 4'000'000;
    std::uint32_t nesting_max = 64;

    /// What is kept of a message above `message_bytes_max`: its first bytes, for the dead letter…
    static constexpr std::size_t excerpt_bytes_max = std::size_t{64} << 10U;
    /// …and its options, for the ack. Longer ones are not read.
    static constexpr std::size_t options_bytes_max = std::size_t{64} << 10U;
};

enum class forward_mode : std::uint8_t { single, listed, packed };  ///< Message, Forward, PackedForward
enum class forward_compression : std::uint8_t { none, gzip, zstd };

struct forward_message {
    /// Longer ones are neither a tag nor a chunk id, but an attempt at something.
    static constexpr std::size_t tag_bytes_max = 1024;
    static constexpr std::size_t chunk_bytes_max = 1024;

    std::string_view tag;
    forward_mode mode = forward_mode::packed;
    std::string_view entries;  ///< `time record` of a single one, `[time, record]…` of the others
    /// CompressedPackedForward: how `entries` is compressed
    forward_compression compression = forward_compression::none;
    std::string_view chunk;          ///< the client's id of the chunk where it can make event ids, else empty
    std::string_view chunk_msgpack;  ///< the chunk as it came, of whatever type, to be sent back; empty: no ack wanted
    std::string_view whole;          ///< all of it, or the beginning of one that is over the limit
    /// Set: no event can be taken out of it; it goes to the dead letters as one event. It is acked all the same, as it
    /// would be retried without end otherwise.
    std::optional<std::string> rejected;
};

/// Takes a whole msgpack value apart. @return none where it is not even an array.
[[nodiscard]] std::optional<forward_message> read_forward_message(std::string_view value, forward_limits const& limits);
/// The same for a message that was over the limit, of which only the beginning and the options are there.
/// @param options  empty where they were over their own limit, or where there are none
[[nodiscard]] forward_message read_oversized_message(std::string_view beginning, std::string_view options,
                                                     std::string reason);

}  // namespace logpipe::forward
