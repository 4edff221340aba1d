// A connection of an HTTP server, plain or by TLS; Beast and Asio read and write it like any stream.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

namespace logpipe::web {

/// The io_context's one thread calls everything. Not final: Asio derives from what it composes operations on.
class web_stream {
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

    /// What Asio gives back for a token.
    template <class Token>
    using initiated =
        typename boost::asio::async_result<std::decay_t<Token>, void(error_code, std::size_t)>::return_type;
    template <class Buffers, class Token>
    initiated<Token> async_read_some(Buffers const& buffers, Token&& token) {
        if (tls_) return tls_->async_read_some(buffers, std::forward<Token>(token));
        return tcp_.async_read_some(buffers, std::forward<Token>(token));
    }
    template <class Buffers, class Token>
    initiated<Token> async_write_some(Buffers const& buffers, Token&& token) {
        if (tls_) return tls_->async_write_some(buffers, std::forward<Token>(token));
        return tcp_.async_write_some(buffers, std::forward<Token>(token));
    }

  private:
    boost::beast::tcp_stream tcp_;
    std::optional<boost::asio::ssl::stream<boost::beast::tcp_stream&>> tls_;
};

}  // namespace logpipe::web
