#include "web_stream.hpp"

namespace logpipe::web {

namespace asio = boost::asio;

asio::awaitable<web_stream::error_code> web_stream::accept_tls(asio::ssl::context& context) {
    tls_.emplace(tcp_, context);
    auto [failed] = co_await tls_->async_handshake(asio::ssl::stream_base::server, asio::as_tuple(asio::use_awaitable));
    co_return failed;
}

asio::awaitable<void> web_stream::end_sending() {
    // The peer may have left already: the notice is sent all the same.
    if (tls_) co_await tls_->async_shutdown(asio::as_tuple(asio::use_awaitable));
    error_code ignored;
    tcp_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

}  // namespace logpipe::web
