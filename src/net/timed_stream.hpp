// Bytes over TCP, TLS or a Unix socket, with one time at which everything that still waits ends. Asio alone: what the
// bytes mean is for others.
#pragma once

#include "logpipe/result.hpp"
#include "net/address.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace logpipe::net {

/// One connection, once. The thread of its executor calls everything. Shared with the handlers that are still in
/// flight: the look-up of a name cannot be cut short, and may end long after the stream.
class timed_stream final : public std::enable_shared_from_this<timed_stream> {
  public:
    using error_code = boost::system::error_code;
    using time_point = std::chrono::steady_clock::time_point;

    explicit timed_stream(boost::asio::any_io_executor const& executor);

    [[nodiscard]] boost::asio::awaitable<error_code> connect(host_port to);
    [[nodiscard]] boost::asio::awaitable<error_code> connect(std::string socket_path);
    /// @return errc::unauthorized for a certificate that is not trusted, errc::not_connected
    [[nodiscard]] boost::asio::awaitable<result<>> start_tls(boost::asio::ssl::context& context, std::string host);
    /// All of both. What was sent may have arrived, whatever comes back.
    [[nodiscard]] boost::asio::awaitable<error_code> write(std::array<boost::asio::const_buffer, 2> buffers);
    /// At least one byte, or asio::error::eof at the orderly end.
    [[nodiscard]] boost::asio::awaitable<std::pair<error_code, std::size_t>> read_some(
        boost::asio::mutable_buffer into);

    /// Closes it then, whatever it waits for; time_point::max() is never.
    void expire_at(time_point when);
    /// Moves that time, for a while in which nobody ran the io_context.
    void extend(std::chrono::steady_clock::duration by);
    [[nodiscard]] bool expired() const noexcept { return expired_; }
    void close();
    [[nodiscard]] bool closed() const noexcept { return closed_; }

  private:
    using socket = boost::asio::generic::stream_protocol::socket;
    [[nodiscard]] boost::asio::awaitable<error_code> look_up(host_port const& name);
    void watch();
    void check();

    boost::asio::ip::tcp::resolver resolver_;
    std::optional<error_code> looked_up_;
    boost::asio::ip::tcp::resolver::results_type found_;
    boost::asio::steady_timer look_up_;  // its wait ends with the look-up, or with close()
    socket socket_;
    std::optional<boost::asio::ssl::stream<socket&>> tls_;
    boost::asio::steady_timer timer_;
    time_point expires_ = time_point::max();
    bool watching_ = false;  // timer_ is waited for
    bool expired_ = false;
    bool closed_ = false;
};

}  // namespace logpipe::net
