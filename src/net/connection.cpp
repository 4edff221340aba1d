#include "net/connection.hpp"

#include "core/log.hpp"
#include "net/tls_stream.hpp"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <utility>

namespace logpipe::net {

namespace asio = boost::asio;

namespace {

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);

}  // namespace

connection::connection(asio::ip::tcp::socket socket)
    : socket_{std::move(socket)}, deadline_{socket_.get_executor()}, write_deadline_{socket_.get_executor()} {}

void connection::set_socket_options() {
    net::set_stream_options(socket_);
}

asio::awaitable<result<>> connection::accept_tls(asio::ssl::context& context) {
    tls_.emplace(socket_, context);
    auto [failed] = co_await tls_->async_handshake(asio::ssl::stream_base::server, nothrow);
    if (!failed) co_return result<>{};
    auto reason = failure_of(*this, failed);
    reason.message = fmt::format("TLS: {}", reason.message);
    co_return reason;
}

asio::awaitable<result<>> connection::connect_tls(asio::ssl::context& context, std::string host) {
    tls_.emplace(socket_, context);
    auto connected = co_await net::connect_tls(*tls_, std::move(host));
    if (!connected && closed_) co_return error{errc::timed_out, fmt::format("TLS: {}", close_reason_)};
    co_return connected;
}

asio::awaitable<std::pair<connection::error_code, std::size_t>> connection::read_some(std::span<char> into) {
    auto const buffer = asio::buffer(into.data(), into.size());
    if (tls_) {
        auto [failed, bytes] = co_await tls_->async_read_some(buffer, nothrow);
        co_return std::pair{failed, bytes};
    }
    auto [failed, bytes] = co_await socket_.async_read_some(buffer, nothrow);
    co_return std::pair{failed, bytes};
}

void connection::send(std::shared_ptr<std::string const> bytes) {
    if (closed_) return;
    unsent_bytes_ += bytes->size();
    queue_.push_back(std::move(bytes));
    if (writing_) return;
    writing_ = true;
    asio::co_spawn(socket_.get_executor(), write_queue(shared_from_this()), [](std::exception_ptr const& failure) {
        if (failure) log_error("net: a connection's writer ended by an exception");
    });
}

asio::awaitable<void> connection::write_queue(std::shared_ptr<connection> self) {
    while (!self->queue_.empty() && !self->closed_) {
        auto const bytes = std::move(self->queue_.front());
        self->queue_.pop_front();
        if (auto const failed = co_await self->write(*bytes); failed) {
            self->close(failed.message());
            break;
        }
        self->unsent_bytes_ -= bytes->size();
    }
    self->writing_ = false;
}

asio::awaitable<connection::error_code> connection::write(std::string_view bytes) {
    while (!bytes.empty()) {
        arm(write_deadline_, write_timeout, "the peer does not accept what is sent");
        auto const buffer = asio::buffer(bytes.data(), bytes.size());
        error_code failed;
        std::size_t written = 0;
        if (tls_)
            std::tie(failed, written) = co_await tls_->async_write_some(buffer, nothrow);
        else
            std::tie(failed, written) = co_await socket_.async_write_some(buffer, nothrow);
        if (failed) co_return failed;
        bytes.remove_prefix(written);
    }
    write_deadline_.cancel();
    co_return error_code{};
}

void connection::close(std::string reason) {
    if (closed_) return;
    closed_ = true;
    close_reason_ = std::move(reason);
    deadline_.cancel();
    write_deadline_.cancel();
    queue_.clear();
    unsent_bytes_ = 0;
    error_code ignored;  // it is closed in any case
    socket_.shutdown(asio::socket_base::shutdown_both, ignored);
    socket_.close(ignored);
}

void connection::stop_reading_after(std::chrono::steady_clock::duration wait) {
    deadline_.expires_after(wait);
    deadline_.async_wait([weak = weak_from_this()](error_code const& cancelled) {
        auto const self = weak.lock();
        if (cancelled || !self) return;
        error_code ignored;  // the peer may have gone already
        self->socket_.shutdown(asio::socket_base::shutdown_receive, ignored);
    });
}

void connection::close_after(std::chrono::steady_clock::duration wait, std::string reason) {
    arm(deadline_, wait, std::move(reason));
}

void connection::arm(asio::steady_timer& timer, std::chrono::steady_clock::duration wait, std::string reason) {
    timer.expires_after(wait);
    timer.async_wait([weak = weak_from_this(), reason = std::move(reason)](error_code const& cancelled) mutable {
        if (cancelled) return;
        if (auto const self = weak.lock()) self->close(std::move(reason));
    });
}

error failure_of(connection const& link, connection::error_code failed) {
    if (link.closed()) return {errc::timed_out, link.close_reason()};
    return {errc::not_connected, failed == asio::error::eof ? "the peer closed the connection" : failed.message()};
}

}  // namespace logpipe::net
