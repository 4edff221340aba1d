#include "core/log.hpp"
#include "core/reload.hpp"
#include "core/secrets.hpp"
#include "core/thread.hpp"
#include "net/address.hpp"
#include "net/listen.hpp"
#include "net/tls.hpp"
#include "session.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <thread>

namespace logpipe::web {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);

/// Sends the 503 to a client above the bound, as far as that works without waiting for it.
void refuse(tcp::socket socket) {
    static constexpr std::string_view response =
        "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    error_code ignored;  // it is closed either way
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(response), ignored);
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
            state.slots.close_longest();  // its descriptor is the next one's
            pause.expires_after(std::chrono::milliseconds{100});
            co_await pause.async_wait(nothrow);
        } else if (auto slot = state.slots.take(); !slot.valid()) {
            if (auto const times = limit.admit())
                log_warn("web: {} connections rejected: all {} are busy", times, state.slots.open());
            refuse(std::move(socket));
        } else {
            error_code ignored;  // it only makes small responses faster
            socket.set_option(tcp::no_delay{true}, ignored);
            asio::co_spawn(acceptor.get_executor(), serve_http(std::move(socket), std::move(slot), state), log_end);
        }
    }
}

guard_options rules_of(web_options const& options) {
    guard_options rules{
        .token = options.token, .host_names = options.host_names, .tls = !options.certificate_file.empty()};
    if (auto own = own_host_name(); !own.empty()) rules.host_names.push_back(std::move(own));
    auto const address = net::parse_host_port(options.listen);
    if (!address) return rules;
    rules.host_names.push_back(address->host);
    rules.loopback = net::is_loopback(address->host);
    return rules;
}

/// A page that other machines reach needs a token, or --page-open.
result<> check_exposure(web_options const& options, bool loopback) {
    if (loopback || !options.page) return {};
    if (options.token.empty() && !options.page->open)
        return error{errc::invalid_argument,
                     fmt::format("{} can be reached from other machines: give --auth-token-file FILE, so that only "
                                 "those get in who show its token, or --page-open yes to let anybody in",
                                 options.listen)};
    if (!options.token.empty() && options.certificate_file.empty())
        log_warn(
            "web: the token is sent unencrypted to {}: give --page-certificate and "
            "--page-key, or put a proxy with TLS before it",
            options.listen);
    return {};
}

class beast_web_server final : public web_server {
  public:
    beast_web_server(web_options options, guard_options rules)
        : state_{std::move(options), context_, std::move(rules)} {}
    beast_web_server(beast_web_server const&) = delete;
    beast_web_server& operator=(beast_web_server const&) = delete;

    [[nodiscard]] result<> start() {
        auto tls = read_tls();
        if (!tls) return tls.error();
        state_.tls = *std::move(tls);
        auto acceptor = net::listen_on(context_, state_.options.listen);
        if (!acceptor) return acceptor.error();
        acceptor_ = std::move(*acceptor);
        error_code failed;
        port_ = acceptor_.local_endpoint(failed).port();
        if (failed) return error{errc::invalid_argument, failed.message()};
        asio::co_spawn(context_, accept_clients(acceptor_, state_), log_end);
        if (state_.feed) asio::co_spawn(context_, state_.feed->run(), log_end);
        thread_ = start_thread("web-0", [this] { context_.run(); });
        if (!state_.options.token_file.empty() || state_.tls)
            reload_ = reload_entry{"web", [this] { return reload(); }};
        return {};
    }

    // run() returns when all coroutines have ended: at once, or after the produce that one of them waits for.
    ~beast_web_server() override {
        asio::post(context_, [this] { close(); });
        if (thread_.joinable()) thread_.join();
    }

    [[nodiscard]] std::uint16_t port() const override { return port_; }

  private:
    /// None without a certificate.
    [[nodiscard]] result<std::shared_ptr<asio::ssl::context>> read_tls() const {
        auto const& options = state_.options;
        if (options.certificate_file.empty() && options.key_file.empty()) return nullptr;
        auto made = net::make_tls_server({.certificate_file = options.certificate_file, .key_file = options.key_file});
        if (!made) return made.error();
        return std::make_shared<asio::ssl::context>(*std::move(made));
    }

    /// All of it or nothing.
    result<> reload() {
        auto tls = read_tls();
        if (!tls) return tls.error();
        std::optional<std::string> token;
        if (auto const& file = state_.options.token_file; !file.empty()) {
            auto read = read_secret(file);
            if (!read) return read.error();
            token = *std::move(read);
        }
        asio::post(context_, [this, tls = *std::move(tls), token = std::move(token)]() mutable {
            state_.tls = std::move(tls);
            if (token) state_.guard.set_token(*std::move(token));
        });
        return {};
    }

    void close() {
        state_.closing = true;
        error_code ignored;  // nobody is left to care
        acceptor_.close(ignored);
        state_.slots.close_all();
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
    auto rules = rules_of(options);
    if (auto safe = check_exposure(options, rules.loopback); !safe) return safe.error();
    auto server = std::make_unique<beast_web_server>(std::move(options), std::move(rules));
    if (auto started = server->start(); !started) return started.error();
    return std::unique_ptr<web_server>{std::move(server)};
}

}  // namespace logpipe::web
