// A message on its way into batches, a portion at a time: of its events only a portion is in memory at once, and of
// what was compressed only what the next portion needs. Where portions end follows from the message alone, so that one
// that is sent again makes the same ones, and the journal recognises each.
#pragma once

#include "forward_message.hpp"
#include "packed_entries.hpp"

#include "logpipe/event.hpp"
#include "logpipe/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace logpipe::forward {

/// One thread. The bytes of the message outlive it. Throws std::bad_alloc; what was called can then be called again.
class message_portions final {
  public:
    /// Of records and rows: a portion ends with the event that reaches it.
    static constexpr std::size_t portion_bytes = std::size_t{2} << 20U;

    explicit message_portions(forward_message message) : message_{std::move(message)} {}

    [[nodiscard]] forward_message const& message() const noexcept { return message_; }
    /// All of its events are in batches.
    [[nodiscard]] bool is_whole() const noexcept { return at_.is_whole; }
    /// Memory that it takes beside the message itself.
    [[nodiscard]] std::size_t held_bytes() const noexcept { return text_.capacity(); }

  private:
    friend class event_decoder;

    /// How far it is; moves once a portion is in its batch.
    struct progress {
        std::size_t bytes = 0;       // of entries()
        std::uint32_t position = 0;  // of the next event, as sent
        std::uint32_t portions = 0;
        bool is_whole = false;
    };

    /// What is compressed is decompressed once to its end: nothing of a message that is broken becomes an event.
    /// @param has_id  its events get ids
    /// @return errc::corrupt, errc::too_large
    [[nodiscard]] result<> open(forward_limits const& limits, bool has_id);
    /// Before a portion: decompressed entries that were read go, and others come.
    void refill();
    /// As far as they are there.
    [[nodiscard]] std::string_view entries() const noexcept { return packed_ ? text_ : message_.entries; }
    /// Others come after them.
    [[nodiscard]] bool has_more() const noexcept { return packed_ && !packed_->has_ended(); }

    forward_message const message_;
    bool is_open_ = false;
    event_id first_id_;  // zero: the events get none
    progress at_;
    std::optional<packed_entries> packed_;  // of compressed ones
    std::string text_;                      // decompressed
    std::uint64_t base_ = 0;                // of what was decompressed, bytes before text_
};

}  // namespace logpipe::forward
