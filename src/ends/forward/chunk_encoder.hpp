// A run of a batch's events as one PackedForward message. Equal events make equal bytes, so that a chunk that is
// retried, also by another process, is recognised as the same.
#pragma once

#include "logpipe/event.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace logpipe::forward {

struct chunk_encoding {
    bool compress = false;
    std::string line_key;  ///< as in forward_sink_options
};

/// The events from `begin` to `end`, one tag, without the rejected ones; empty where none is left.
///
///   [tag, bin of entries, {"chunk": id, "size": events, "compressed": "gzip"}]
[[nodiscard]] std::string encode_chunk(batch const& events, std::size_t begin, std::size_t end,
                                       std::string_view chunk_id, chunk_encoding const& how);

}  // namespace logpipe::forward
