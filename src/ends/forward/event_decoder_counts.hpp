// What a forward source's decoder counts.
#pragma once

#include <cstdint>

namespace logpipe::forward {

/// What was seen, since construction. `events` includes the rejected ones, each entry of a message by itself; a line
/// that was joined is one, and its parts are none.
struct event_decoder_counts {
    std::uint64_t events = 0;
    std::uint64_t rejected_events = 0;
    std::uint64_t rejected_messages = 0;
    std::uint64_t escaped_strings = 0;   ///< strings that were not UTF-8
    std::uint64_t metadata_dropped = 0;  ///< entries whose v1.5 metadata was left out
    std::uint64_t lines_joined = 0;      ///< of parts
    std::uint64_t parts_timed_out = 0;   ///< passed on as they came, as the rest of their line did not come in time
    std::uint64_t parts_apart = 0;       ///< the same for other reasons
    std::uint64_t parts_held = 0;        ///< now
};

}  // namespace logpipe::forward
