// A TCP connection, plain or TLS, for either side: reads that wait, writes that do not, deadlines that close it.
#pragma once

#include "net/link.hpp"

#include "logpipe/result.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace logpipe::net {

/// The io_context's one thread calls everything. Owned by shared_ptr, as the operations and timers in flight hold it
/// too.
class connection final : public link, public std::enable_shared_from_this<connection> {
  public:
    using error_code = boost::system::error_code;

    /// How long a peer may take to accept a piece of what we send.
    static constexpr std::chrono::seconds write_timeout{60};

    explicit connection(boost::asio::ip::tcp::socket socket);

    /// For connecting; plain reads and writes go through this class.
    [[nodiscard]] boost::asio::ip::tcp::socket& socket() noexcept { return socket_; }
    /// As set_stream_options(). After connecting.
    void set_socket_options();

    /// @return errc::not_connected, whatever the peer did
    [[nodiscard]] boost::asio::awaitable<result<>> accept_tls(boost::asio::ssl::context& context);
    /// @param host  the name that the certificate must have
    /// @return errc::unauthorized for a certificate that is not trusted, errc::not_connected
    [[nodiscard]] boost::asio::awaitable<result<>> connect_tls(boost::asio::ssl::context& context, std::string host);
    [[nodiscard]] boost::asio::awaitable<std::pair<error_code, std::size_t>> read_some(std::span<char> into);
    /// Waits until all is written; not together with send().
    [[nodiscard]] boost::asio::awaitable<error_code> write(std::string_view bytes);

    void send(std::shared_ptr<std::string const> bytes) override;
    [[nodiscard]] std::size_t unsent_bytes() const noexcept override { return unsent_bytes_; }
    void close(std::string reason) override;
    [[nodiscard]] bool closed() const noexcept override { return closed_; }
    [[nodiscard]] std::string const& close_reason() const noexcept override { return close_reason_; }
    void stop_reading_after(std::chrono::steady_clock::duration wait) override;
    void close_after(std::chrono::steady_clock::duration wait, std::string reason) override;
    void clear_deadline() override { deadline_.cancel(); }

  private:
    [[nodiscard]] static boost::asio::awaitable<void> write_queue(std::shared_ptr<connection> self);
    void arm(boost::asio::steady_timer& timer, std::chrono::steady_clock::duration wait, std::string reason);

    boost::asio::ip::tcp::socket socket_;
    std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
    boost::asio::steady_timer deadline_;
    boost::asio::steady_timer write_deadline_;
    std::deque<std::shared_ptr<std::string const>> queue_;
    std::size_t unsent_bytes_ = 0;
    bool writing_ = false;
    bool closed_ = false;
    std::string close_reason_;
};

/// Why an operation on a connection failed: the deadline that closed it says more than the operation does.
[[nodiscard]] error failure_of(connection const& link, connection::error_code failed);

}  // namespace logpipe::net
