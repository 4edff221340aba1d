#include "http_connection.hpp"

#include "core/assert.hpp"
#include "net/tls.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <atomic>
#include <tuple>
#include <utility>

namespace logpipe::http {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::steady_clock;

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t piece_bytes = std::size_t{128} << 10U;

/// One connection. Shared with the coroutine that works on it: that one may still wait for a name to be resolved,
/// which cannot be cut short, when the connection was given up long ago.
struct connection {
    connection(asio::io_context& context, http_address where, std::string asks)
        : to{std::move(where)}, request{std::move(asks)}, resolver{context}, socket{context} {}

    http_address to;
    std::string request;
    tcp::resolver resolver;
    tcp::socket socket;
    std::optional<asio::ssl::stream<tcp::socket&>> tls;
    std::string piece = std::string(piece_bytes, '\0');
    bool requested = false;
    bool busy = false;
    std::optional<result<std::size_t>> outcome;  // of the coroutine that ran last: how much of `piece` is filled

    void finish(result<std::size_t> what) {
        busy = false;
        outcome = std::move(what);
    }
    void close() {
        resolver.cancel();
        error_code ignored;  // closing is all we want of it
        socket.close(ignored);
    }
};
using shared_connection = std::shared_ptr<connection>;

error trouble(connection const& with, std::string_view what, error_code why) {
    bool const untrusted = why.category() == asio::error::get_ssl_category() &&
                           std::string_view{why.message()}.contains("certificate verify failed");
    if (untrusted) {
        auto const reason = SSL_get_verify_result(const_cast<connection&>(with).tls->native_handle());
        return error{errc::unauthorized, fmt::format("the certificate of {} is not to be trusted: {}", with.to.host,
                                                     X509_verify_cert_error_string(reason))};
    }
    return error{errc::not_connected,
                 fmt::format("cannot {} {}:{}: {}", what, with.to.host, with.to.port, why.message())};
}

/// Connects and sends the request. @return what went wrong, if anything.
asio::awaitable<std::optional<error>> ask(shared_connection self, asio::ssl::context* certificates) {
    auto [no_name, endpoints] = co_await self->resolver.async_resolve(self->to.host, self->to.port, nothrow);
    if (no_name) co_return trouble(*self, "find the host of", no_name);
    auto [refused, endpoint] = co_await asio::async_connect(self->socket, endpoints, nothrow);
    if (refused) co_return trouble(*self, "connect to", refused);
    asio::const_buffer const request{self->request.data(), self->request.size()};
    if (!self->to.tls) {
        auto [cut, sent] = co_await asio::async_write(self->socket, request, nothrow);
        if (cut) co_return trouble(*self, "send a request to", cut);
        co_return std::nullopt;
    }
    self->tls.emplace(self->socket, *certificates);
    if (auto named = net::set_peer_name(self->tls->native_handle(), self->to.host); !named) co_return named.error();
    auto [untrusted] = co_await self->tls->async_handshake(asio::ssl::stream_base::client, nothrow);
    if (untrusted) co_return trouble(*self, "speak TLS with", untrusted);
    auto [cut, sent] = co_await asio::async_write(*self->tls, request, nothrow);
    if (cut) co_return trouble(*self, "send a request to", cut);
    co_return std::nullopt;
}

/// Until the connection is there, the request sent, and a piece of the answer came.
asio::awaitable<void> advance(shared_connection self, asio::ssl::context* certificates) {
    if (!self->requested) {
        auto const failed = co_await ask(self, certificates);
        if (failed) {
            self->finish(*failed);
            co_return;
        }
        self->requested = true;
        self->finish(std::size_t{0});
        co_return;
    }
    asio::mutable_buffer const room{self->piece.data(), self->piece.size()};
    error_code failed;
    std::size_t bytes = 0;
    if (self->tls) {
        std::tie(failed, bytes) = co_await self->tls->async_read_some(room, nothrow);
    } else {
        std::tie(failed, bytes) = co_await self->socket.async_read_some(room, nothrow);
    }
    if (failed == asio::error::eof) failed = {};  // no bytes: the orderly end
    if (failed) {
        self->finish(trouble(*self, "read on from", failed));
    } else {
        self->finish(bytes);
    }
}

}  // namespace

class http_connection::engine final {
  public:
    explicit engine(http_connection_options options) : options_{std::move(options)} {}

    result<> set_up() {
        auto made = net::make_tls_client({.ca_file = options_.ca_file,
                                          .certificate_file = {},
                                          .key_file = {},
                                          .insecure_skip_verify = options_.insecure_skip_verify});
        if (!made) return made.error();
        certificates_.emplace(std::move(*made));
        return {};
    }

    void start(http_address const& to, std::string request) {
        close();
        current_ = std::make_shared<connection>(context_, to, std::move(request));
        left_ = options_.connect_timeout;
    }

    void close() {
        if (current_) current_->close();
        current_.reset();
    }

    result<std::optional<std::string_view>> receive(steady_time until) {
        LOGPIPE_ASSERT(current_ && certificates_);
        while (true) {
            if (!current_->busy && !current_->outcome) begin();  // a wake may have come with an outcome
            auto const finished = run(until);
            if (!finished) return finished.error();
            if (!*finished) return std::nullopt;
            bool const was_asking = step_ == step::ask;
            auto const got = *std::exchange(current_->outcome, std::nullopt);
            if (!got) return got.error();
            if (!was_asking) return std::string_view{current_->piece}.substr(0, *got);
        }
    }

    bool wait(steady_time until) {
        while (!take_wake()) {
            if (steady_clock::now() >= until) return true;
            context_.run_one_until(until);
        }
        return false;
    }

    void wake() {
        // One handler in the queue is enough, however often nobody listens.
        if (!wake_posted_.exchange(true)) asio::post(context_, [this] { woken_ = true; });
    }

  private:
    enum class step { ask, read };

    void begin() {
        step_ = current_->requested ? step::read : step::ask;
        if (step_ == step::read) left_ = options_.idle_timeout;
        current_->busy = true;
        asio::co_spawn(context_, advance(current_, &*certificates_), asio::detached);
    }

    /// Works on the step that was begun. @return true when it is done, false at `until` or after wake().
    result<bool> run(steady_time until) {
        auto const entered = steady_clock::now();
        auto const deadline = entered + left_;
        while (true) {
            context_.poll();  // what is ready counts before what is late
            if (take_wake()) break;
            if (current_->outcome) return true;
            auto const now = steady_clock::now();
            if (now >= deadline) return too_late();
            if (now >= until) break;
            context_.run_one_until(std::min(until, deadline));
        }
        left_ -= steady_clock::now() - entered;
        return false;
    }

    error too_late() const {
        bool const asking = step_ == step::ask;
        auto const allowed = asking ? options_.connect_timeout : options_.idle_timeout;
        return error{errc::timed_out, fmt::format("{}:{} {} within {} ms", current_->to.host, current_->to.port,
                                                  asking ? "could not be asked" : "sent nothing", allowed.count())};
    }

    bool take_wake() {
        if (!woken_) return false;
        woken_ = false;
        wake_posted_.store(false);
        return true;
    }

    http_connection_options options_;
    std::optional<asio::ssl::context> certificates_;
    asio::io_context context_{1};
    asio::executor_work_guard<asio::io_context::executor_type> keep_running_{context_.get_executor()};
    shared_connection current_;
    step step_ = step::ask;
    steady_clock::duration left_{};  // of the time that the step in hand may take
    bool woken_ = false;             // by a handler, so in the thread that runs context_
    std::atomic<bool> wake_posted_{false};
};

http_connection::http_connection(http_connection_options options)
    : engine_{std::make_unique<engine>(std::move(options))} {}
http_connection::~http_connection() = default;

result<> http_connection::set_up() {
    return engine_->set_up();
}
void http_connection::start(http_address const& to, std::string request) {
    engine_->start(to, std::move(request));
}
result<std::optional<std::string_view>> http_connection::receive(steady_time until) {
    return engine_->receive(until);
}
void http_connection::close() {
    engine_->close();
}
bool http_connection::wait(steady_time until) {
    return engine_->wait(until);
}
void http_connection::wake() {
    engine_->wake();
}

}  // namespace logpipe::http
