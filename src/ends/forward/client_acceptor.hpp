// Accepts the clients of the forward server. While all slots are taken, or no file descriptor is left, new clients wait
// in the kernel, or a client that never completed a message is evicted.
#pragma once

#include "peer_table.hpp"

#include "core/log.hpp"
#include "core/stage_health.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstdint>
#include <functional>

namespace logpipe::forward {

/// The network thread's, but for describe(), which any thread may call.
class client_acceptor final {
  public:
    /// @param peers, trouble  outlive the acceptor  @param admit  adds a client to `peers`, or closes it
    client_acceptor(boost::asio::io_context& io, peer_table& peers, log_limit& trouble,
                    std::function<void(boost::asio::ip::tcp::socket)> admit);

    /// Closed where it fails.
    [[nodiscard]] boost::system::error_code listen(boost::asio::ip::tcp::endpoint const& at);
    [[nodiscard]] boost::asio::ip::tcp::endpoint endpoint() const;
    void close();
    /// Until stop(), and then those that connected before it: what they sent was sent before.
    [[nodiscard]] boost::asio::awaitable<void> run();
    void stop();
    /// A client has left `peers`.
    void client_left() { client_left_.cancel(); }
    /// Whether new clients can connect.
    void describe(stage_status& into) const;

  private:
    [[nodiscard]] boost::asio::awaitable<void> wait_for_slot();
    [[nodiscard]] boost::asio::awaitable<void> recover_from(boost::system::error_code failed);
    void accept_last();

    peer_table& peers_;
    log_limit& trouble_;
    std::function<void(boost::asio::ip::tcp::socket)> const admit_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer client_left_;  // cancelled to wake the one that waits
    bool stopping_ = false;
    stage_health health_;
    std::atomic<std::uint64_t> failures_{0};
};

}  // namespace logpipe::forward
