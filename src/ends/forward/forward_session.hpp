// One client of the forward server: handshake, messages, and the acks that it still gets after its last one.
#pragma once

#include "forward_decoder.hpp"
#include "intake.hpp"
#include "peer_table.hpp"

#include "forward/forward.hpp"

#include "core/log.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ssl/context.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace logpipe::forward {

/// Of all sessions. Any thread.
struct session_counts {
    std::atomic<std::uint64_t> bytes_in{0};
    std::atomic<std::uint64_t> messages{0};
    std::atomic<std::uint64_t> broken{0};
    std::atomic<std::uint64_t> unauthorized{0};

    void describe(stage_status& into) const;
};

/// What the sessions of a server share, and what outlives them. The network thread's.
struct session_context {
    forward_source_options const& options;  // key and users change while sessions run
    forward_limits const& limits;
    std::optional<boost::asio::ssl::context>& tls;
    std::string const& hostname;
    peer_table& peers;
    intake& events;
    ack_queue& acks;
    session_counts& counts;
    log_limit& trouble;
};

/// The network thread's. It lives for as long as run().
class forward_session final {
  public:
    /// How long a connection must be quiet to be read no more, once the source is stopping.
    static constexpr std::chrono::milliseconds quiet_max{250};

    forward_session(std::shared_ptr<forward_peer> peer, session_context const& context)
        : peer_{std::move(peer)}, shared_{context} {}

    /// From the first byte until both sides are done with the connection. While the source is stopping it returns
    /// earlier, with acks that may be due.
    [[nodiscard]] boost::asio::awaitable<void> run();

  private:
    [[nodiscard]] boost::asio::awaitable<result<>> converse();
    [[nodiscard]] boost::asio::awaitable<result<>> greet(msgpack_stream& stream);
    [[nodiscard]] boost::asio::awaitable<result<>> take_messages(forward_decoder decoder);
    /// The messages that are complete. @return whether there were any; none where the source has drained meanwhile
    [[nodiscard]] boost::asio::awaitable<result<std::optional<bool>>> take_complete(forward_decoder& decoder);
    [[nodiscard]] result<> ended(boost::system::error_code failed, bool is_within_message) const;
    void take(forward_message const& message, std::uint64_t end_offset);
    void report_oversized(bool is_oversized);
    void close_broken(error const& reason);
    [[nodiscard]] boost::asio::awaitable<void> linger();

    std::shared_ptr<forward_peer> const peer_;
    session_context const& shared_;
};

}  // namespace logpipe::forward
