#include "net/http_connection.hpp"

#include "core/clean_text.hpp"
#include "timed_stream.hpp"

#include <fmt/format.h>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>

#include <algorithm>
#include <utility>

namespace logpipe::net {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

http_connection::http_connection(asio::any_io_executor executor, http_target& target, std::size_t piece_bytes)
    : executor_{std::move(executor)}, target_{target}, piece_(piece_bytes, '\0') {}

http_connection::~http_connection() {
    close();
}

void http_connection::close() {
    closed_ = true;
    if (stream_) stream_->close();
}

void http_connection::drop() {
    if (stream_) stream_->close();
    stream_.reset();
    reader_.reset();
}

// Both write the head at once: of the request, only the body's bytes have to outlive the call.
asio::awaitable<result<http_response>> http_connection::send(http_request const& request) {
    return send_whole(prepare(request, false));
}
asio::awaitable<result<http_head>> http_connection::start(http_request const& request) {
    return begin(prepare(request, true));
}

http_connection::outgoing http_connection::prepare(http_request const& request, bool streamed) const {
    using content = http_response_reader::content;
    return {.head = write_head(request, target_),
            .body = request.body,
            .expected = request.method == "HEAD" ? content::none : content::by_head,
            .streamed = streamed};
}

asio::awaitable<result<http_response>> http_connection::send_whole(outgoing request) {
    auto const head = co_await begin(std::move(request));
    if (!head) co_return head.error();
    auto body = co_await collect();
    if (!body) co_return body.error();
    co_return http_response{.status = head->status, .body = *std::move(body)};
}

asio::awaitable<result<std::string>> http_connection::read_rest() {
    if (!reader_) co_return std::string{};
    deadline_ = next_deadline();
    expire_after(milliseconds{0}, {});
    co_return co_await collect();
}

asio::awaitable<result<std::string>> http_connection::collect() {
    auto const bytes_max = target_.body_bytes_max;
    auto const announced_bytes = reader_->head()->content_bytes.value_or(0);
    auto const is_too_large = [&] { return announced_bytes > bytes_max || body_.size() > bytes_max; };
    while (!is_too_large() && !reader_->complete()) {
        auto const filled = co_await fill();
        if (filled) continue;
        drop();
        co_return filled.error();
    }
    if (is_too_large()) {
        drop();
        co_return of_server({errc::too_large, fmt::format("the response has more than {} bytes", bytes_max)});
    }
    finish();
    co_return std::exchange(body_, {});
}

asio::awaitable<result<std::string_view>> http_connection::read() {
    while (body_.empty()) {
        if (!reader_) co_return std::string_view{};
        if (reader_->complete()) {
            finish();
            co_return std::string_view{};
        }
        expire_after(target_.timeouts.stall, "sent nothing");
        auto const filled = co_await fill();
        if (filled) continue;
        drop();
        co_return filled.error();
    }
    if (stream_) stream_->expire_at(time_point::max());  // nobody waits until the next call
    given_.clear();
    std::swap(given_, body_);
    co_return std::string_view{given_};
}

void http_connection::extend(steady_clock::duration by) {
    if (deadline_ != time_point::max()) deadline_ += by;
    if (stream_) stream_->extend(by);
}

http_connection::time_point http_connection::next_deadline() const {
    auto const allowed = target_.timeouts.request;
    return allowed.count() > 0 ? steady_clock::now() + allowed : time_point::max();
}

/// The deadline holds as well.
void http_connection::expire_after(milliseconds time, std::string_view otherwise) {
    auto const limit = time.count() > 0 ? steady_clock::now() + time : time_point::max();
    bool const by_deadline = deadline_ < limit;
    timeout_words_ = by_deadline ? "no response" : otherwise;
    time_allowed_ = by_deadline ? target_.timeouts.request : time;
    stream_->expire_at(std::min(deadline_, limit));
}

asio::awaitable<result<http_head>> http_connection::begin(outgoing request) {
    if (!request.head) co_return of_server(request.head.error());
    if (reader_) drop();  // the response before was not read to its end
    body_.clear();
    auto const& limits = target_.timeouts;
    deadline_ = next_deadline();
    for (bool kept = stream_ != nullptr;; kept = false) {
        if (closed_) co_return of_server({errc::not_connected, "closed"});
        result<> done;
        if (!stream_) done = co_await connect();
        if (done) {
            reader_.emplace(request.expected);
            expire_after(request.streamed ? limits.stall : milliseconds{0}, "sent nothing");
            done = co_await exchange(*request.head, request.body);
        }
        if (done) break;
        drop();
        bool const stale = kept && !any_byte_ && done.error().code == errc::not_connected;
        if (!stale) co_return done.error();
    }
    if (request.streamed) {
        deadline_ = time_point::max();
        stream_->expire_at(deadline_);
    }
    co_return *reader_->head();
}

asio::awaitable<result<>> http_connection::connect() {
    stream_ = std::make_shared<timed_stream>(executor_);
    expire_after(target_.timeouts.connect, "no connection");
    if (!target_.socket_path.empty()) {
        auto const failed = co_await stream_->connect(target_.socket_path);
        co_return failed ? failure("connect", failed) : result<>{};
    }
    auto const to = target_.proxy ? target_.proxy->server : target_.address;
    auto const failed = co_await stream_->connect(to);
    if (failed)
        co_return failure(target_.proxy ? fmt::format("connect to the proxy {}", to_text(to)) : "connect", failed);
    if (!target_.tls) co_return result<>{};
    if (target_.proxy)
        if (auto opened = co_await open_tunnel(); !opened) co_return opened;
    auto const secured = co_await stream_->start_tls(*target_.tls, target_.address.host);
    if (!secured) co_return stream_->expired() ? failure({}, {}) : of_server(secured.error());
    co_return result<>{};
}

asio::awaitable<result<>> http_connection::open_tunnel() {
    auto const head = write_connect(target_);
    reader_.emplace(http_response_reader::content::none);
    if (auto sent = co_await exchange(head, {}); !sent) co_return sent;
    auto const& response = *reader_->head();
    if (response.status / 100 == 2 && !reader_->has_surplus()) co_return result<>{};
    auto const proxy = to_text(target_.proxy->server);
    if (response.status == 407)
        co_return of_server(
            {errc::unauthorized, fmt::format("the proxy {} requires a user name and password: set https_proxy to "
                                             "http://USER:PASSWORD@HOST:PORT",
                                             proxy)});
    co_return of_server({errc::not_connected, fmt::format("the proxy {} opens no tunnel: {} {}", proxy, response.status,
                                                          clean_line(response.reason))});
}

/// Sends all of it and reads until the head of the response is there.
asio::awaitable<result<>> http_connection::exchange(std::string const& head, std::string_view body) {
    any_byte_ = false;
    auto const cut = co_await stream_->write({asio::buffer(head), asio::buffer(body.data(), body.size())});
    cut_ = bool{cut};
    // A server that rejects a large body responds and closes before it has read all of it.
    while (reader_->head() == nullptr) {
        auto const filled = co_await fill();
        if (filled) continue;
        co_return cut ? failure("send a request", cut) : filled.error();
    }
    co_return result<>{};
}

/// Reads once and feeds the response with it.
asio::awaitable<result<>> http_connection::fill() {
    auto const [failed, bytes] = co_await stream_->read_some(asio::buffer(piece_));
    if (failed && failed != asio::error::eof) co_return failure("read the response", failed);
    any_byte_ = any_byte_ || bytes > 0;
    auto const fed =
        failed ? reader_->end_of_connection() : reader_->feed(std::string_view{piece_}.substr(0, bytes), body_);
    if (!fed) co_return of_server(fed.error());
    co_return result<>{};
}

/// The response was read to its end.
void http_connection::finish() {
    bool const usable = !cut_ && reader_->head()->keep_alive && !reader_->has_surplus();
    reader_.reset();
    if (usable)
        stream_->expire_at(time_point::max());
    else
        drop();
}

error http_connection::of_server(error const& reason) const {
    return target_.name.empty() ? reason : in_context(target_.name, reason);
}

error http_connection::failure(std::string_view doing, error_code reason) const {
    if (stream_->expired())
        return of_server({errc::timed_out, fmt::format("{} within {} ms", timeout_words_, time_allowed_.count())});
    if (reason.category() == asio::error::get_ssl_category())
        return of_server({errc::unauthorized, fmt::format("TLS: {}", reason.message())});
    bool const denied = reason == asio::error::access_denied || reason == asio::error::no_permission;
    return of_server(
        {denied ? errc::unauthorized : errc::not_connected, fmt::format("cannot {}: {}", doing, reason.message())});
}

}  // namespace logpipe::net
