// The events of a request become rows of a batch, with ids that the same request makes again.
#pragma once

#include "body_splitter.hpp"

#include "lines/lines.hpp"
#include "logpipe/event.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace logpipe::ingest {

/// The id of a request's first event. It is made of tag, key and all of the body, so that the same body under another
/// key makes other events, and another body under the same key is not taken for the first one.
/// @param key  Idempotency-Key; may be empty
/// @param body  decompressed
[[nodiscard]] event_id request_id(std::string_view tag, body_kind kind, std::string_view key, std::string_view body);

/// A portion of a request's events. A request with many comes in several, so that they are in memory one by one.
struct ingest_message {
    static constexpr std::size_t events_max = 4096;
    static constexpr std::size_t bytes_max = std::size_t{1} << 20U;  ///< but for the last event of a portion

    std::string_view tag;
    event_id first_id;  ///< of the portion
    body_kind kind = body_kind::lines;
    std::span<std::string_view const> events;  ///< at least one
    bool is_last = true;
    std::int64_t received_ns = 0;

    [[nodiscard]] bool is_whole() const noexcept { return is_last; }
};

/// How many of them make the next portion: it follows from the events alone.
[[nodiscard]] std::size_t portion_of(std::span<std::string_view const> events) noexcept;

struct event_counts_in {
    std::uint64_t events = 0;
    std::uint64_t cut = 0;
};

/// What a batch_inbox decodes by. A request is a chunk. One thread.
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
