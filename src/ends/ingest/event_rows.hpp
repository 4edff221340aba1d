// The events of a request become rows of a batch, with ids that the same request makes again.
#pragma once

#include "body_splitter.hpp"

#include "lines/lines.hpp"
#include "logpipe/event.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace logpipe::ingest {

struct ingest_message {
    std::string_view tag;
    std::string_view key;   ///< Idempotency-Key; may be empty
    std::string_view body;  ///< decompressed
    body_kind kind = body_kind::lines;
    std::vector<std::string_view> const& events;  ///< of it, at least one
    std::int64_t received_ns = 0;
};

struct event_counts_in {
    std::uint64_t events = 0;
    std::uint64_t cut = 0;
};

/// What a batch_inbox decodes by. A request is a chunk: its id is made of tag, key and all of the body, so that the
/// same body under another key makes other events, and another body under the same key is not taken for the first one.
/// One thread.
class event_rows final {
  public:
    explicit event_rows(std::size_t event_bytes_max) : event_bytes_max_{event_bytes_max} {}

    void append(ingest_message const& message, batch& into);
    [[nodiscard]] event_counts_in const& counts() const noexcept { return counts_; }

  private:
    std::size_t event_bytes_max_;
    event_counts_in counts_;
};

}  // namespace logpipe::ingest
