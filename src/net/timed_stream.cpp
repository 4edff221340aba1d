#include "timed_stream.hpp"

#include "net/tls_stream.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <tuple>

namespace logpipe::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::steady_clock;

namespace {

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);

}  // namespace

timed_stream::timed_stream(asio::any_io_executor const& executor)
    : resolver_{executor}, look_up_{executor}, socket_{executor}, timer_{executor} {}

/// Waits for a timer instead of the resolver, because only the wait of a timer can be cut short.
asio::awaitable<timed_stream::error_code> timed_stream::look_up(host_port const& name) {
    look_up_.expires_at(time_point::max());
    resolver_.async_resolve(name.host, std::to_string(name.port), tcp::resolver::numeric_service,
                            [self = shared_from_this()](error_code failed, tcp::resolver::results_type const& found) {
                                self->looked_up_ = failed;
                                self->found_ = found;
                                self->look_up_.cancel();
                            });
    co_await look_up_.async_wait(nothrow);
    co_return closed_ ? error_code{asio::error::operation_aborted} : looked_up_.value_or(error_code{});
}

asio::awaitable<timed_stream::error_code> timed_stream::connect(host_port to) {
    if (auto const unknown = co_await look_up(to)) co_return unknown;
    if (auto const failed = co_await connect_in_turn(*this, socket_, found_, expires_)) co_return failed;
    set_stream_options(socket_);
    co_return error_code{};
}

asio::awaitable<timed_stream::error_code> timed_stream::connect(std::string socket_path) {
    auto [failed] = co_await socket_.async_connect(asio::local::stream_protocol::endpoint{socket_path}, nothrow);
    co_return failed;
}

asio::awaitable<result<>> timed_stream::start_tls(asio::ssl::context& context, std::string host) {
    tls_.emplace(socket_, context);
    co_return co_await connect_tls(*tls_, std::move(host));
}

asio::awaitable<timed_stream::error_code> timed_stream::write(std::array<asio::const_buffer, 2> left) {
    while (left[0].size() + left[1].size() > 0) {
        error_code failed;
        std::size_t sent = 0;
        if (tls_)
            std::tie(failed, sent) = co_await tls_->async_write_some(left, nothrow);
        else
            std::tie(failed, sent) = co_await socket_.async_write_some(left, nothrow);
        if (failed) co_return failed;
        auto const of_first = std::min(sent, left[0].size());
        left[0] += of_first;
        left[1] += sent - of_first;
    }
    co_return error_code{};
}

asio::awaitable<std::pair<timed_stream::error_code, std::size_t>> timed_stream::read_some(asio::mutable_buffer into) {
    error_code failed;
    std::size_t got = 0;
    if (tls_)
        std::tie(failed, got) = co_await tls_->async_read_some(into, nothrow);
    else
        std::tie(failed, got) = co_await socket_.async_read_some(into, nothrow);
    co_return std::pair{failed, got};
}

void timed_stream::expire_at(time_point when) {
    expires_ = when;
    if (closed_ || when == time_point::max()) return;
    // A later time than the one that is waited for needs nothing now: check() sees that it has moved.
    if (!watching_)
        watch();
    else if (when < timer_.expiry())
        timer_.cancel();
}

void timed_stream::extend(steady_clock::duration by) {
    if (expires_ != time_point::max()) expires_ += by;
}

void timed_stream::watch() {
    watching_ = true;
    timer_.expires_at(expires_);
    timer_.async_wait([self = shared_from_this()](error_code) {
        self->watching_ = false;
        self->check();
    });
}

void timed_stream::check() {
    if (closed_ || expires_ == time_point::max()) return;
    if (steady_clock::now() < expires_) return watch();
    expired_ = true;
    close();
}

void timed_stream::close() {
    closed_ = true;
    resolver_.cancel();
    look_up_.cancel();
    timer_.cancel();
    error_code ignored;  // closing is all we want of it
    socket_.close(ignored);
}

}  // namespace logpipe::net
