// The receiving side of the forward protocol, v1 and v1.5, without I/O: bytes in; messages, "need more" or an error
// out.
#pragma once

#include "forward_message.hpp"
#include "msgpack_stream.hpp"

#include "logpipe/result.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <utility>

namespace logpipe {

/// For one connection. After an error it is broken: the connection cannot go on, as nobody knows where the next message
/// begins.
class forward_decoder final {
  public:
    explicit forward_decoder(forward_limits const& limits) noexcept
        : limits_{limits}, stream_{limits.message_bytes_max} {}
    /// Goes on with a stream that the handshake was read from.
    forward_decoder(forward_limits const& limits, msgpack_stream stream) noexcept
        : limits_{limits}, stream_{std::move(stream)} {
        stream_.set_value_bytes_max(limits.message_bytes_max);
    }

    /// Where the next bytes go. Messages that next() gave are invalid from here on.
    [[nodiscard]] std::span<char> space() { return stream_.space(); }
    void commit(std::size_t bytes) noexcept { stream_.commit(bytes); }
    /// The next message, or none: more bytes are needed. Heartbeats (nil) are passed over.
    /// @return errc::protocol for what is no msgpack array, errc::too_large above the limit.
    [[nodiscard]] result<std::optional<forward_message>> next();
    [[nodiscard]] std::size_t held_bytes() const noexcept { return stream_.held_bytes(); }

  private:
    forward_limits limits_;
    msgpack_stream stream_;
};

}  // namespace logpipe
