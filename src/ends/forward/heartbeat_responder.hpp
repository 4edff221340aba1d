// The forward protocol's heartbeats: a peer sends a UDP datagram to the port of the listener and gets one back.
#pragma once

#include "heartbeat_table.hpp"

#include "logpipe/stage.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

#include <atomic>
#include <cstdint>

namespace logpipe::forward {

/// The network thread's, but for describe(), which any thread may call.
class heartbeat_responder final {
  public:
    explicit heartbeat_responder(boost::asio::io_context& io) : socket_{io} {}

    /// Closed where it fails.
    [[nodiscard]] boost::system::error_code bind(boost::asio::ip::udp::endpoint const& at);
    /// Responds until close().
    [[nodiscard]] boost::asio::awaitable<void> run();
    void close();
    void describe(stage_status& into) const;

  private:
    boost::asio::ip::udp::socket socket_;
    heartbeat_table admitted_;
    std::atomic<std::uint64_t> responses_{0};
    std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace logpipe::forward
