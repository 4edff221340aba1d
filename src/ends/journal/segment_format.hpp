// The bytes of a segment: a run of frames, nothing between them. A frame contains events of one tag and one chunk, and
// is there wholly or not at all. All numbers are little-endian. Format version 1:
//
//   byte  size
//      0     4  magic fe 4c 50 4a: fe is in no UTF-8 text, so records cannot be taken for frames
//      4     2  version, 1
//      6     2  flags, 0
//      8     4  payload_bytes, what follows the 64 bytes of the header
//     12     4  event_count, at least 1
//     16     8  epoch: random, another one each time the journal is opened for writing
//     24     8  first_offset: of the first event; the others follow it without a gap
//     32     8  received_ns: when the first durable store took the events
//     40     8  chunk id, its upper 64 bits    } both 0: the events came without ids; theirs are
//     48     4  chunk id, its next 32 bits     } (epoch, offset)
//     52     4  tag_bytes
//     56     4  CRC-32C of the payload
//     60     4  CRC-32C of bytes 0 to 59
//     64        payload: event_count rows of { time_ns 8, record_bytes 4, index in the chunk 4 },
//               the tag, the records back to back
//
// Two sums, so that a header can be trusted without reading what it describes: opening a large journal reads headers.
#pragma once

#include "logpipe/event.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace logpipe::journal {

inline constexpr std::uint16_t format_version = 1;
inline constexpr std::string_view frame_magic{"\xfeLPJ", 4};
inline constexpr std::size_t header_bytes = 64;
inline constexpr std::size_t row_bytes = 16;
inline constexpr std::size_t payload_bytes_max = std::size_t{256} << 20U;

/// Identifies a run of a chunk: the chunk's id and, below it, the payload's sum. A retry has the same two.
/// The sum is there because one chunk can come in several runs (dead letters of it, batches cut elsewhere), and taking
/// one of them for another would lose events.
struct run_key {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    friend bool operator==(run_key const&, run_key const&) = default;
};

struct frame_header {
    std::uint32_t payload_bytes = 0;
    std::uint32_t event_count = 0;
    std::uint64_t epoch = 0;
    std::uint64_t first_offset = 0;
    std::int64_t received_ns = 0;
    event_id chunk;  ///< of index 0; the zero id: none
    std::uint32_t tag_bytes = 0;
    std::uint32_t payload_crc = 0;

    [[nodiscard]] std::uint64_t frame_bytes() const noexcept { return header_bytes + payload_bytes; }
    [[nodiscard]] std::uint64_t end_offset() const noexcept { return first_offset + event_count; }
    [[nodiscard]] run_key key() const noexcept { return {chunk.high, chunk.low | payload_crc}; }

    friend bool operator==(frame_header const&, frame_header const&) = default;
};

struct event_row {
    std::int64_t time_ns = 0;
    std::uint32_t record_bytes = 0;
    std::uint32_t index = 0;  ///< index in the chunk
};

/// Writes `header_bytes`.
void write_header(frame_header const& header, char* out) noexcept;
/// Writes `row_bytes`.
void write_row(event_row const& row, char* out) noexcept;

/// Reads `row_bytes`.
[[nodiscard]] event_row read_row(char const* from) noexcept;

/// @return none unless `bytes` begins with a whole header whose sum is right and whose numbers make sense.
[[nodiscard]] std::optional<frame_header> read_header(std::string_view bytes) noexcept;
/// True when the sum is right and the rows describe exactly these bytes.
[[nodiscard]] bool payload_is_whole(frame_header const& header, std::string_view payload) noexcept;
/// A frame is read in portions of about so much. Where they end follows from the frame alone, because a forward sink
/// makes a chunk of each, and what it retries after a crash must be the same chunk.
inline constexpr std::size_t portion_bytes = std::size_t{2} << 20U;
/// Adds events of the frame, from its `first_row`th on, whose records are in `into` from `begin` on.
void append_rows(frame_header const& header, std::string_view rows, std::size_t first_row, std::uint32_t tag,
                 std::size_t begin, batch& into);
/// Adds the events from `from_offset` on, to the end of its portion, of a frame whose payload is whole.
/// @return the offset after them
[[nodiscard]] std::uint64_t append_portion(frame_header const& header, std::string_view payload,
                                           std::uint64_t from_offset, batch& into);

}  // namespace logpipe::journal
