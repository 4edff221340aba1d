#include "net/client_listener.hpp"

#include "net/address.hpp"
#include "net/listen.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <utility>

namespace logpipe::net {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds accept_pause{100};

}  // namespace

client_listener::client_listener(asio::io_context& io, client_listener_options const& options, session serve)
    : io_{io},
      options_{options},
      serve_{std::move(serve)},
      acceptor_{io},
      slot_free_{io, asio::steady_timer::time_point::max()} {}

result<> client_listener::open(std::string const& address) {
    auto certificates = read_certificates();
    if (!certificates) return certificates.error();
    tls_ = *std::move(certificates);
    auto listening = listen_on(io_, address);
    if (!listening) return listening.error();
    acceptor_ = *std::move(listening);
    return {};
}

result<std::optional<asio::ssl::context>> client_listener::read_certificates() const {
    if (!has_tls()) return std::optional<asio::ssl::context>{};
    auto made = make_tls_server(options_.tls);
    if (!made) return made.error();
    return std::optional{*std::move(made)};
}

/// Connections that are open keep what they began with.
result<> client_listener::reload() {
    auto certificates = read_certificates();
    if (!certificates) return certificates.error();
    asio::post(io_, [this, made = *std::move(certificates)]() mutable { tls_ = std::move(made); });
    return {};
}

void client_listener::close() {
    boost::system::error_code ignored;  // nobody waits for it
    acceptor_.close(ignored);
}

tcp::endpoint client_listener::endpoint() const {
    boost::system::error_code ignored;  // it listens, so it has an address
    return acceptor_.local_endpoint(ignored);
}

void client_listener::start(std::function<void()> all_left) {
    all_left_ = std::move(all_left);
    accepting_ = true;
    asio::co_spawn(io_, accept(), [this](std::exception_ptr const& failure) {
        if (failure) log_error("{}: accepting clients ended by an exception", options_.stage);
        accepting_ = false;
        check_all_left();
    });
}

asio::awaitable<void> client_listener::accept() {
    while (!stopping_) {
        if (clients_.size() >= options_.clients_max) {
            co_await wait_for_slot();
            continue;
        }
        auto [failed, socket] = co_await acceptor_.async_accept(nothrow);
        if (!failed) {
            health_.up();
            admit(std::move(socket));
        } else if (!stopping_) {
            co_await recover_from(failed);
        }
    }
    accept_last();
}

/// Out of file descriptors, as a rule: a retry at once would burn the processor.
asio::awaitable<void> client_listener::recover_from(boost::system::error_code failed) {
    // One that left before it was accepted says nothing of the next.
    if (failed == asio::error::connection_aborted) co_return;
    ++failures_;
    health_.down({errc::too_large, fmt::format("cannot accept connections: {}; connected clients are served. Raise the "
                                               "limit of open files, or lower {}",
                                               failed.message(), options_.limit_flag)});
    if (auto const count = trouble_.admit(); count != 0)
        log_error("{}: cannot accept a connection: {} ({} times)", options_.stage, failed.message(), count);
    asio::steady_timer pause{io_, accept_pause};
    co_await pause.async_wait(nothrow);
}

/// Until a slot is free, or no client waits for one: what a client has sent waits in the kernel meanwhile.
asio::awaitable<void> client_listener::wait_for_slot() {
    auto [failed] = co_await acceptor_.async_wait(tcp::acceptor::wait_read, nothrow);
    if (failed || stopping_ || clients_.size() < options_.clients_max) co_return;
    health_.down(
        {errc::too_large, fmt::format("all {} connections ({}) are taken and more clients wait; connected ones "
                                      "are served. Raise the limit",
                                      options_.clients_max, options_.limit_flag)});
    if (auto const count = trouble_.admit(); count != 0)
        log_warn("{}: {} connections, the limit ({}); new ones wait ({} times)", options_.stage, clients_.size(),
                 options_.limit_flag, count);
    co_await slot_free_.async_wait(nothrow);
    if (clients_.size() < options_.clients_max) health_.up();
}

void client_listener::accept_last() {
    boost::system::error_code failed;
    acceptor_.non_blocking(true, failed);
    while (!failed && clients_.size() < options_.clients_max) {
        auto socket = acceptor_.accept(failed);
        if (!failed) admit(std::move(socket));
    }
    acceptor_.close(failed);
}

void client_listener::admit(tcp::socket socket) {
    boost::system::error_code gone;
    auto const remote = socket.remote_endpoint(gone);
    auto const address = gone ? std::string{"a client"} : to_text({remote.address().to_string(), remote.port()});
    auto link = std::make_shared<connection>(std::move(socket));
    link->set_socket_options();
    if (stopping_) link->stop_reading_after(quiet_max);
    clients_.insert(link);
    open_ = clients_.size();
    ++accepted_;
    asio::co_spawn(io_, run(link, address), [this, link](std::exception_ptr const& failure) {
        if (failure) log_error("{}: a session ended by an exception", options_.stage);
        leave(link);
    });
}

asio::awaitable<void> client_listener::run(client link, std::string address) {
    // GCC 12 frees the arguments of a co_await behind && at the wrong time.
    bool is_greeted = !tls_;
    if (tls_) is_greeted = co_await greet(link, address);
    if (is_greeted) co_await serve_(link, address);
}

asio::awaitable<bool> client_listener::greet(client link, std::string address) {
    link->close_after(options_.handshake_timeout, "handshake timeout");
    auto const accepted = co_await link->accept_tls(*tls_);
    link->clear_deadline();
    if (accepted) co_return true;
    ++handshake_failures_;
    if (auto const count = trouble_.admit(); count != 0)
        log_warn("{}: connection of {} closed: {} ({} times)", options_.stage, address, accepted.error().message,
                 count);
    co_return false;
}

void client_listener::leave(client const& link) {
    link->close("the session has ended");
    clients_.erase(link);
    open_ = clients_.size();
    slot_free_.cancel();
    check_all_left();
}

void client_listener::stop() {
    if (std::exchange(stopping_, true)) return;
    boost::system::error_code ignored;  // nothing is waited for any more
    acceptor_.cancel(ignored);
    slot_free_.cancel();
    for (auto const& each : clients_) each->stop_reading_after(quiet_max);
}

void client_listener::close_all(std::string const& reason) {
    for (auto const& each : clients_) each->close(reason);
}

void client_listener::check_all_left() {
    if (stopping_ && !accepting_ && clients_.empty() && all_left_) std::exchange(all_left_, nullptr)();
}

}  // namespace logpipe::net
