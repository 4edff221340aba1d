#include "forward_server.hpp"

#include "core/thread.hpp"
#include "forward_session.hpp"
#include "net/address.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace logpipe::forward {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);
constexpr int free_port_attempts = 16;
constexpr std::chrono::seconds finish_max{1};
constexpr std::chrono::milliseconds finish_step{5};
constexpr std::chrono::milliseconds tend_min{10};
constexpr std::chrono::milliseconds tend_max{1'000};
constexpr int tends_per_timeout = 4;

/// A coroutine that ends by an exception is one session's failure (out of memory, mostly), not the program's.
void report(std::exception_ptr const& failure) {
    if (!failure) return;
    try {
        std::rethrow_exception(failure);
    } catch (std::exception const& what) {
        log_error("forward_source: a session ended by an exception: {}", what.what());
    }
}

}  // namespace

forward_server::forward_server(forward_source_options const& options, forward_limits const& limits, inbox& into)
    : options_{options},
      limits_{limits},
      keep_running_{io_.get_executor()},
      room_made_{io_, asio::steady_timer::time_point::max()},
      drain_ends_{io_},
      next_watch_{io_},
      next_tend_{io_},
      sessions_{options_, limits_, into, {}, [this] { room_made_.cancel(); }},
      acceptor_{io_, sessions_.context().peers, sessions_.context().trouble,
                [this](tcp::socket socket) { admit(std::move(socket)); }},
      watch_{sessions_.context().peers,
             {.first_message = options.first_message_timeout, .message = options.message_timeout}},
      heartbeats_{io_} {}

forward_server::~forward_server() {
    if (!thread_.joinable()) return;
    asio::post(io_, [this] { asio::co_spawn(io_, finish(), report); });
    thread_.join();
}

result<> forward_server::open() {
    if (thread_.joinable()) return {};
    auto files = read_files(options_);
    if (!files) return files.error();
    use(*std::move(files));
    if (auto listening = listen(); !listening) return listening;
    sessions_.context().events.add_feeder();
    asio::co_spawn(io_, accept(), report);
    if (options_.heartbeat) asio::co_spawn(io_, heartbeats_.run(), report);
    if (watch_.is_needed()) asio::co_spawn(io_, watch_clients(), report);
    asio::co_spawn(io_, tend(), report);
    report_open();
    bool const has_files = tls_ || !options_.shared_key_file.empty() || !options_.users_file.empty();
    // From here on, what the files hold is the network thread's.
    thread_ = start_thread("fwd-in", [this] { io_.run(); });
    if (has_files) reload_ = reload_entry{"forward_source", [this] { return reload(); }};
    return {};
}

void forward_server::report_open() const {
    auto const at = acceptor_.endpoint();
    log_info("forward_source: listening on {}{}{}{}", net::to_text({at.address().to_string(), port_}),
             tls_ ? ", TLS" : "", options_.shared_key.empty() ? "" : ", shared key",
             options_.users.empty() ? std::string{} : fmt::format(", {} users", options_.users.size()));
    if (!options_.users.empty() && !tls_ && !at.address().is_loopback())
        log_warn(
            "forward_source: users log in without TLS on {}: passwords can be guessed from what goes over the "
            "network, and events be read; give --certificate-file and --key-file",
            options_.listen);
}

/// Connections that are open keep what they began with.
result<> forward_server::reload() {
    auto files = read_files(options_);
    if (!files) return files.error();
    asio::post(io_, [this, files = *std::move(files)]() mutable { use(std::move(files)); });
    return {};
}

void forward_server::use(connection_files files) {
    tls_ = std::move(files.tls);
    if (files.shared_key) options_.shared_key = *std::move(files.shared_key);
    if (files.users) options_.users = *std::move(files.users);
}

result<> forward_server::listen() {
    auto const address = net::parse_host_port(options_.listen, 24224);
    if (!address) return address.error();
    tcp::resolver resolver{io_};
    boost::system::error_code failed;
    auto const host = address->host.empty() ? "0.0.0.0" : address->host;
    auto const found = resolver.resolve(host, std::to_string(address->port), tcp::resolver::passive, failed);
    if (failed || found.empty())
        return error{errc::invalid_argument, fmt::format("cannot listen on {}: {}", options_.listen, failed.message())};
    // A free TCP port need not be free for UDP.
    for (int left = address->port == 0 ? free_port_attempts : 1;; --left) {
        auto listening = listen_at(found.begin()->endpoint());
        if (listening || left == 1) return listening;
    }
}

result<> forward_server::listen_at(tcp::endpoint const& endpoint) {
    auto const cannot = [&](std::string_view what, boost::system::error_code failed) {
        auto const code = failed == asio::error::address_in_use ? errc::busy : errc::invalid_argument;
        return error{code, fmt::format("cannot {} on {}: {}", what, options_.listen, failed.message())};
    };
    if (auto const failed = acceptor_.listen(endpoint)) return cannot("listen", failed);
    port_ = acceptor_.endpoint().port();
    if (!options_.heartbeat) return {};
    if (auto const failed = heartbeats_.bind({endpoint.address(), port_})) {
        acceptor_.close();
        return cannot("listen for UDP heartbeats", failed);
    }
    return {};
}

asio::awaitable<void> forward_server::accept() {
    co_await acceptor_.run();
    sessions_.context().events.feeder_left();
}

void forward_server::admit(tcp::socket socket) {
    boost::system::error_code gone;
    auto const remote = socket.remote_endpoint(gone);
    auto link = std::make_shared<net::connection>(std::move(socket));
    auto peer = std::make_shared<forward_peer>();
    peer->link = link;
    peer->host = remote.address().to_string();
    if (!gone) peer->address = net::to_text({.host = peer->host, .port = remote.port()});
    if (!sessions_.admit(peer)) return;
    link->set_socket_options();
    asio::co_spawn(io_, serve(std::move(peer), std::move(link)), report);
}

asio::awaitable<void> forward_server::serve(std::shared_ptr<forward_peer> peer, std::shared_ptr<net::connection> link) {
    forward_session session{std::move(link), session_stepper{peer, sessions_.context()}, tls_, room_made_};
    co_await session.run();
    if (sessions_.left(peer)) acceptor_.client_left();
}

asio::awaitable<void> forward_server::watch_clients() {
    auto const interval = watch_.interval();
    while (!sessions_.context().events.stopping()) {
        next_watch_.expires_after(interval);
        auto [cancelled] = co_await next_watch_.async_wait(nothrow);
        if (!cancelled) watch_.check(interval);
    }
}

asio::awaitable<void> forward_server::tend() {
    auto const timeout = options_.partial_timeout;
    auto const interval = timeout.count() == 0 ? tend_max : std::clamp(timeout / tends_per_timeout, tend_min, tend_max);
    while (!sessions_.context().events.stopping()) {
        next_tend_.expires_after(interval);
        auto [cancelled] = co_await next_tend_.async_wait(nothrow);
        if (!cancelled) sessions_.context().events.tend();
    }
}

void forward_server::ack_until(std::uint64_t offset) {
    if (sessions_.safe_until(offset)) asio::post(io_, [this] { sessions_.send_due_acks(); });
}

void forward_server::made_room() {
    asio::post(io_, [this] { room_made_.cancel(); });
}

void forward_server::stop() {
    asio::post(io_, [this] { stop_taking_in(); });
}

void forward_server::stop_taking_in() {
    if (!sessions_.stop()) return;
    acceptor_.stop();
    heartbeats_.close();
    next_watch_.cancel();
    next_tend_.cancel();
    drain_ends_.expires_at(sessions_.context().events.drain_until());
    drain_ends_.async_wait([this](boost::system::error_code const& cancelled) {
        if (!cancelled) room_made_.cancel();
    });
}

asio::awaitable<void> forward_server::finish() {
    stop_taking_in();
    drain_ends_.cancel();
    sessions_.abandon();
    auto const until = std::chrono::steady_clock::now() + finish_max;
    while (sessions_.is_sending() && std::chrono::steady_clock::now() < until) {
        asio::steady_timer pause{io_, finish_step};
        co_await pause.async_wait(nothrow);
    }
    sessions_.close_all();
    keep_running_.reset();
}

void forward_server::describe(stage_status& into) const {
    acceptor_.describe(into);
    sessions_.describe(into);
    watch_.describe(into);
    heartbeats_.describe(into);
}

}  // namespace logpipe::forward
