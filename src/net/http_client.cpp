#include "net/http_client.hpp"

#include "core/assert.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace logpipe::net {

namespace asio = boost::asio;
using std::chrono::steady_clock;

/// A connection, and what the coroutine that ran last on it left for the caller.
struct http_client::exchange {
    exchange(asio::io_context& io, http_target& target) : connection{io.get_executor(), target} {}

    http_connection connection;
    bool busy = false;       // a coroutine works on it
    bool streaming = false;  // a response was begun, and not read to its end
    std::optional<result<http_response>> response;
    std::optional<result<http_head>> head;
    std::optional<result<std::string_view>> piece;
};

namespace {

template <class T>
/// The owner of the three others lives as long as the coroutine.
asio::awaitable<void> keep(std::shared_ptr<void> /*owner*/, asio::awaitable<result<T>> work,
                           std::optional<result<T>>& into, bool& busy) {
    into.emplace(co_await std::move(work));
    busy = false;
}

void rethrow(std::exception_ptr const& failure) {
    if (failure) std::rethrow_exception(failure);
}

error cancelled() {
    return {errc::cancelled, "cancelled"};
}

}  // namespace

http_client::http_client(http_target target) : target_{std::move(target)} {
    drop();
}
http_client::~http_client() = default;

result<http_response> http_client::send(http_request const& request) {
    take_target();
    if (current_->busy || current_->streaming) drop();
    if (cancelled_) return cancelled();
    auto const with = current_;
    with->busy = true;
    left_at_.reset();
    asio::co_spawn(io_, keep(with, with->connection.send(request), with->response, with->busy), rethrow);
    // Also after cancel(), which closes the connection: the coroutine reads the caller's request until it ends.
    while (with->busy) io_.run_one();
    auto response = *std::exchange(with->response, std::nullopt);
    if (cancelled_) return cancelled();
    return response;
}

void http_client::start(http_request const& request) {
    LOGPIPE_ASSERT(request.body.empty());
    take_target();
    if (current_->busy || current_->streaming) drop();
    current_->busy = current_->streaming = true;
    left_at_.reset();
    asio::co_spawn(io_, keep(current_, current_->connection.start(request), current_->head, current_->busy), rethrow);
}

result<std::optional<http_head>> http_client::head(steady_time until) {
    LOGPIPE_ASSERT(current_->busy || current_->head);
    if (!run(until, current_)) return std::nullopt;
    if (cancelled_) return cancelled();
    auto got = *std::exchange(current_->head, std::nullopt);
    if (got) return *std::move(got);
    drop();
    return got.error();
}

result<std::optional<std::string_view>> http_client::read(steady_time until) {
    if (!current_->busy && !current_->piece) {
        current_->busy = true;
        asio::co_spawn(io_, keep(current_, current_->connection.read(), current_->piece, current_->busy), rethrow);
    }
    if (!run(until, current_)) return std::nullopt;
    if (cancelled_) return cancelled();
    auto const got = *std::exchange(current_->piece, std::nullopt);
    if (!got) {
        drop();
        return got.error();
    }
    if (got->empty()) current_->streaming = false;
    return *got;
}

void http_client::drop() {
    if (current_) current_->connection.close();
    current_ = std::make_shared<exchange>(io_, target_);
    if (cancelled_) current_->connection.close();
}

/// Works on what is in flight. @return true when it is done or cancelled, false at `until` or after wake().
bool http_client::run(steady_time until, std::shared_ptr<exchange> const& with) {
    if (left_at_) with->connection.extend(steady_clock::now() - *std::exchange(left_at_, std::nullopt));
    while (true) {
        io_.poll();  // what is ready counts before what is late
        if (!with->busy || cancelled_) return true;
        if (take_wake() || steady_clock::now() >= until) break;
        io_.run_one_until(until);
    }
    left_at_ = steady_clock::now();
    return false;
}

bool http_client::wait(steady_time until) {
    while (!take_wake() && !cancelled_) {
        if (steady_clock::now() >= until) return true;
        io_.run_one_until(until);
    }
    return false;
}

void http_client::wake() {
    // One handler in the queue is enough, however often nobody listens.
    if (!wake_posted_.exchange(true)) asio::post(io_, [this] { woken_ = true; });
}

bool http_client::take_wake() {
    if (!woken_) return false;
    woken_ = false;
    wake_posted_.store(false);
    return true;
}

void http_client::use(http_target target) {
    mutex_lock const lock{mutex_};
    next_target_ = std::move(target);
}

void http_client::take_target() {
    mutex_lock const lock{mutex_};
    if (!next_target_) return;
    auto const& next = *next_target_;
    bool const elsewhere = to_text(next.address) != to_text(target_.address) ||
                           next.socket_path != target_.socket_path || next.tls.has_value() != target_.tls.has_value();
    target_ = *std::exchange(next_target_, std::nullopt);
    if (elsewhere) drop();
}

void http_client::cancel() {
    cancelled_ = true;
    asio::post(io_, [this] { current_->connection.close(); });
}

}  // namespace logpipe::net
