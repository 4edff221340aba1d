#include "forward_session.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>

namespace logpipe::forward {

namespace asio = boost::asio;

namespace {

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);

}  // namespace

asio::awaitable<void> forward_session::run() {
    try {
        if (tls_)
            if (auto accepted = co_await link_->accept_tls(*tls_); !accepted) steps_.fail(accepted.error());
        co_await carry();
    } catch (std::exception const& what) {
        steps_.fail({errc::protocol, fmt::format("exception: {}", what.what())});
    }
    co_await carry();  // what is left after an exception
}

asio::awaitable<void> forward_session::carry() {
    while (true) {
        auto const next = steps_.step();
        switch (next.what) {
            case session_wait::kind::bytes: {
                auto const [failed, bytes] = co_await link_->read_some(next.space);
                has_read(failed, bytes);
                break;
            }
            case session_wait::kind::room:
                co_await room_made_.async_wait(nothrow);
                break;
            case session_wait::kind::pause: {
                asio::steady_timer pause{link_->socket().get_executor(), next.pause};
                co_await pause.async_wait(nothrow);
                break;
            }
            case session_wait::kind::none:
                co_return;
        }
    }
}

void forward_session::has_read(boost::system::error_code failed, std::size_t bytes) {
    if (!failed)
        steps_.received(bytes);
    else if (failed == asio::error::eof || failed == asio::ssl::error::stream_truncated)
        steps_.ended({});
    else
        steps_.ended(failed.message());
}

}  // namespace logpipe::forward
