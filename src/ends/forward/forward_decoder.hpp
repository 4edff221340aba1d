// The receiving side of the forward protocol, v1 and v1.5, without I/O: bytes in; messages, "need more" or an error
// out.
#pragma once

#include "forward_message.hpp"
#include "msgpack_stream.hpp"
#include "oversized_message.hpp"

#include "logpipe/result.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace logpipe::forward {

/// For one connection. After an error it is broken: the connection is of no more use, as nobody knows where the next
/// message begins. Nothing else is a reason to close it.
class forward_decoder final {
  public:
    explicit forward_decoder(forward_limits const& limits) noexcept
        : limits_{limits}, stream_{limits.message_bytes_max} {}
    /// Continues with a stream that the handshake was read from.
    forward_decoder(forward_limits const& limits, msgpack_stream stream) noexcept
        : limits_{limits}, stream_{std::move(stream)} {
        stream_.set_value_bytes_max(limits.message_bytes_max);
    }

    /// Where the next bytes go. The message that next() gave is invalid from here on.
    [[nodiscard]] std::span<char> space() { return stream_.space(); }
    void commit(std::size_t bytes) noexcept { stream_.commit(bytes); }
    /// The next message, or none: more bytes are needed. The one before is invalid from here on. Heartbeats (nil) are
    /// skipped, and so is a message above the limit, which then comes as a rejected one.
    /// @return errc::protocol for what is not a msgpack array. Throws std::bad_alloc; the same one is the next then.
    [[nodiscard]] result<std::optional<forward_message>> next();
    /// A part of a message has come.
    [[nodiscard]] bool within_message() const noexcept { return oversized_ || stream_.buffered_bytes() > 0; }
    /// Memory that it takes for what has come.
    [[nodiscard]] std::size_t held_bytes() const noexcept { return stream_.held_bytes(); }
    /// As msgpack_stream's.
    void release_above(std::size_t bytes) noexcept { stream_.release_above(bytes); }
    /// That message is above the limit.
    [[nodiscard]] bool is_oversized() const noexcept { return oversized_.has_value(); }

  private:
    [[nodiscard]] result<std::optional<forward_message>> skip_oversized();

    forward_limits limits_;
    msgpack_stream stream_;
    std::optional<oversized_message> oversized_;  // the one that is being skipped
    std::optional<oversized_message> given_;      // the one that next() gave…
    bool is_skipped_ = false;                     // …or is to give
    std::string_view value_;                      // as well; empty: none
};

}  // namespace logpipe::forward
