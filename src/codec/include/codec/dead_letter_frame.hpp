// A dead letter as one record: a head, then the original bytes as they came. In a journal it stands like this; Kafka's
// sink makes headers of the head. All numbers are little-endian:
//
//   byte  size
//      0     4  magic fe 4c 50 44: fe is in no UTF-8 text, so no letter in JSON begins like this
//      4     2  version: 1, or 2 of a letter that is about several entries of one message
//      6     2  head_bytes, where the original bytes begin
//      8    16  id: its upper 64 bits, its lower 64 bits
//     24     8  when it was rejected           } nanoseconds since the Unix epoch, signed;
//     32     8  the event's own time           } 0: not known
//     40     8  when the event was received    }
//     48     4  part: 0 of the first           } a whole letter is part 0 of 1
//     52     4  part count, at least 1         }
//     56     2  stage_bytes
//     58     2  reason_bytes
//     60     2  origin_bytes
//     62     2  tag_bytes
//     64     4  entry count, above 0   } of version 2 only; the original bytes are then a pack (dead_letter_pack.hpp)
//     64 or 68  stage, reason, origin, tag, back to back; head_bytes is that and their sizes
//               the original bytes, to the end of the record
//
// The head is bounded by the four texts, which their writer has cut (dead_letter_writer.cpp). Original bytes may look
// like anything, a head included: nothing after head_bytes is ever read as one.
#pragma once

#include "logpipe/dead_letter.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace logpipe::codec {

/// Each text is below 16,000 bytes.
void append_dead_letter_frame(std::string& out, dead_letter_view const& letter);
/// @return none for what append_dead_letter_frame() has not written; the view points into `bytes`
[[nodiscard]] std::optional<dead_letter_view> read_dead_letter_frame(std::string_view bytes) noexcept;

}  // namespace logpipe::codec
