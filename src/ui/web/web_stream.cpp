#include "web_stream.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>

namespace logpipe::web {

namespace {

namespace asio = boost::asio;

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);

}  // namespace

asio::awaitable<web_stream::error_code> web_stream::accept_tls(asio::ssl::context& context) {
    tls_.emplace(tcp_, context);
    auto [failed] = co_await tls_->async_handshake(asio::ssl::stream_base::server, nothrow);
    co_return failed;
}

asio::awaitable<void> web_stream::end_sending() {
    // The peer may have left already: the notice is sent all the same.
    if (tls_) co_await tls_->async_shutdown(nothrow);
    error_code ignored;
    tcp_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

asio::awaitable<web_stream::received> web_stream::read_some(asio::mutable_buffer space) {
    if (tls_) {
        auto [failed, bytes] = co_await tls_->async_read_some(space, nothrow);
        co_return received{failed, bytes};
    }
    auto [failed, bytes] = co_await tcp_.async_read_some(space, nothrow);
    co_return received{failed, bytes};
}

asio::awaitable<web_stream::error_code> web_stream::write(asio::const_buffer first, asio::const_buffer second) {
    std::array const both{first, second};
    if (tls_) {
        auto [failed, bytes] = co_await asio::async_write(*tls_, both, nothrow);
        co_return failed;
    }
    auto [failed, bytes] = co_await asio::async_write(tcp_, both, nothrow);
    co_return failed;
}

}  // namespace logpipe::web
