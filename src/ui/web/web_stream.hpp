// A connection of an HTTP server, plain or by TLS. Its operations are functions, not templates: what Asio makes of them
// for both kinds is compiled once, in web_stream.cpp.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

namespace logpipe::web {

/// The io_context's one thread calls everything.
class web_stream final {
  public:
    using executor_type = boost::beast::tcp_stream::executor_type;
    using error_code = boost::system::error_code;

    explicit web_stream(boost::asio::ip::tcp::socket socket) : tcp_{std::move(socket)} {}
    web_stream(web_stream const&) = delete;
    web_stream& operator=(web_stream const&) = delete;
    ~web_stream() = default;

    [[nodiscard]] executor_type get_executor() noexcept { return tcp_.get_executor(); }
    /// For connecting, and for its options.
    [[nodiscard]] boost::beast::tcp_stream& tcp() noexcept { return tcp_; }
    /// A bound for what begins from now on; it closes the connection.
    void expires_after(std::chrono::steady_clock::duration time) { tcp_.expires_after(time); }
    [[nodiscard]] bool is_open() const noexcept { return tcp_.socket().is_open(); }
    void close() { tcp_.close(); }

    /// TLS from then on. The context may end before the stream.
    [[nodiscard]] boost::asio::awaitable<error_code> accept_tls(boost::asio::ssl::context& context);
    /// Sends the peer the notice that nothing more comes.
    [[nodiscard]] boost::asio::awaitable<void> end_sending();

    struct received {
        error_code failed;
        std::size_t bytes = 0;
    };
    [[nodiscard]] boost::asio::awaitable<received> read_some(boost::asio::mutable_buffer space);
    /// All of both, at once.
    [[nodiscard]] boost::asio::awaitable<error_code> write(boost::asio::const_buffer first,
                                                           boost::asio::const_buffer second = {});

  private:
    boost::beast::tcp_stream tcp_;
    std::optional<boost::asio::ssl::stream<boost::beast::tcp_stream&>> tls_;
};

}  // namespace logpipe::web
