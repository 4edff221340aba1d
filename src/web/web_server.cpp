#include "base/address.hpp"
#include "base/log.hpp"
#include "base/reload.hpp"
#include "base/secrets.hpp"
#include "base/thread.hpp"
#include "listen.hpp"
#include "session.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <thread>

namespace logpipe {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);

/// Tells a client too many so, as far as that goes without waiting for it.
void refuse(tcp::socket socket) {
    static constexpr std::string_view answer =
        "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    error_code ignored;  // it is closed either way
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(answer), ignored);
    socket.shutdown(tcp::socket::shutdown_both, ignored);
}

void log_end(std::exception_ptr failure) {
    if (!failure) return;
    try {
        std::rethrow_exception(failure);
    } catch (std::exception const& what) {
        log_error("web: a connection ended by an exception: {}", what.what());
    }
}

/// `acceptor` and `state` outlive the coroutine. Ends when the acceptor is closed.
asio::awaitable<void> accept_clients(tcp::acceptor& acceptor, web_state& state) {
    asio::steady_timer pause{acceptor.get_executor()};
    log_limit limit;
    while (true) {
        auto [failed, socket] = co_await acceptor.async_accept(nothrow);
        if (!acceptor.is_open()) co_return;
        if (failed) {
            // Out of descriptors, as a rule: trying again at once would only burn the processor.
            if (auto const times = limit.admit())
                log_warn("web: cannot accept connections ({} times): {}", times, failed.message());
            pause.expires_after(std::chrono::milliseconds{100});
            co_await pause.async_wait(nothrow);
        } else if (state.connections.size() >= state.options.limits.connections_max) {
            if (auto const times = limit.admit())
                log_warn("web: {} connections refused: {} are open", times, state.connections.size());
            refuse(std::move(socket));
        } else {
            error_code ignored;  // it only makes small answers faster
            socket.set_option(tcp::no_delay{true}, ignored);
            asio::co_spawn(acceptor.get_executor(), serve_http(std::move(socket), state), log_end);
        }
    }
}

bool is_loopback(std::string const& host) {
    error_code failed;
    auto const address = asio::ip::make_address(host, failed);
    return failed ? host == "localhost" : address.is_loopback();
}

class beast_web_server final : public web_server {
  public:
    explicit beast_web_server(web_options options, bool loopback) : state_{std::move(options), context_, loopback} {}
    beast_web_server(beast_web_server const&) = delete;
    beast_web_server& operator=(beast_web_server const&) = delete;

    [[nodiscard]] result<> start() {
        auto acceptor = listen_on(context_, state_.options.listen);
        if (!acceptor) return acceptor.error();
        acceptor_ = std::move(*acceptor);
        error_code failed;
        port_ = acceptor_.local_endpoint(failed).port();
        if (failed) return error{errc::invalid_argument, failed.message()};
        asio::co_spawn(context_, accept_clients(acceptor_, state_), log_end);
        if (state_.feed) asio::co_spawn(context_, state_.feed->run(), log_end);
        thread_ = start_thread("web-0", [this] { context_.run(); });
        if (!state_.options.token_file.empty()) reload_ = reload_entry{"web", [this] { return reload_token(); }};
        return {};
    }

    // run() returns when all coroutines have ended: at once, or after the produce that one of them waits for.
    ~beast_web_server() override {
        asio::post(context_, [this] { close(); });
        if (thread_.joinable()) thread_.join();
    }

    [[nodiscard]] std::uint16_t port() const override { return port_; }

  private:
    result<> reload_token() {
        auto token = read_secret(state_.options.token_file);
        if (!token) return token.error();
        asio::post(context_, [this, token = *std::move(token)]() mutable { state_.guard.set_token(std::move(token)); });
        return {};
    }

    void close() {
        state_.closing = true;
        error_code ignored;  // nobody is left to care
        acceptor_.close(ignored);
        for (auto* stream : state_.connections) stream->close();
        if (state_.feed) state_.feed->close();
    }

    asio::io_context context_{1};
    // After the context, so that it goes first: the produce thread may still be about to leave a call of the context.
    web_state state_;
    tcp::acceptor acceptor_{context_};
    std::uint16_t port_ = 0;
    std::jthread thread_;
    reload_entry reload_;
};

}  // namespace

result<std::unique_ptr<web_server>> start_web_server(web_options options) {
    auto const address = parse_host_port(options.listen);
    bool const loopback = address && is_loopback(address->host);
    auto server = std::make_unique<beast_web_server>(std::move(options), loopback);
    if (auto started = server->start(); !started) return started.error();
    return std::unique_ptr<web_server>{std::move(server)};
}

}  // namespace logpipe
