#include "forward_server.hpp"

#include "base/address.hpp"
#include "base/thread.hpp"
#include "base/tls.hpp"
#include "handshake.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/host_name.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <exception>

namespace logpipe {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;

namespace {

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t greeting_bytes_max = std::size_t{16} << 10U;
constexpr std::size_t unread_acks_bytes_max = std::size_t{8} << 20U;
constexpr std::chrono::seconds half_closed_max{60};
constexpr std::chrono::milliseconds quiet_max{250};
constexpr std::chrono::seconds drain_max{5};
constexpr std::chrono::seconds finish_max{1};
constexpr int free_port_tries = 16;

/// A coroutine that ends by an exception is one session's failure (no memory, mostly), not the program's.
void report(std::exception_ptr const& failure) {
    if (!failure) return;
    try {
        std::rethrow_exception(failure);
    } catch (std::exception const& what) {
        log_error("forward_source: a session ended by an exception: {}", what.what());
    }
}

}  // namespace

struct forward_server::client {
    std::shared_ptr<connection> link;
    std::string address;
    std::string acks;  // being gathered, to go out as one
    std::size_t acks_due = 0;
    bool has_left = false;  // sends nothing more, but may wait for acks
};

forward_server::forward_server(forward_source_options const& options, forward_limits const& limits, inbox& into)
    : options_{options},
      limits_{limits},
      inbox_{into},
      keep_running_{io_.get_executor()},
      room_made_{io_, asio::steady_timer::time_point::max()},
      client_left_{io_, asio::steady_timer::time_point::max()},
      drain_ends_{io_},
      hostname_{options.self_hostname} {}

forward_server::~forward_server() {
    if (!thread_.joinable()) return;
    asio::post(io_, [this] { asio::co_spawn(io_, finish(), report); });
    thread_.join();
}

result<> forward_server::open() {
    if (thread_.joinable()) return {};
    if (!options_.certificate_file.empty() || !options_.key_file.empty()) {
        auto made = make_tls_server({.certificate_file = options_.certificate_file,
                                     .key_file = options_.key_file,
                                     .client_ca_file = options_.client_ca_file});
        if (!made) return made.error();
        tls_.emplace(*std::move(made));
    } else if (!options_.client_ca_file.empty()) {
        return error{errc::invalid_argument, "a client CA file needs a certificate and key of our own: TLS"};
    }
    if (hostname_.empty()) {
        boost::system::error_code unknown;
        hostname_ = asio::ip::host_name(unknown);
        if (unknown) hostname_ = "logpipe";
    }
    if (auto listening = listen(); !listening) return listening;
    asio::co_spawn(io_, accept_clients(), report);
    asio::co_spawn(io_, answer_heartbeats(), report);
    thread_ = start_thread("fwd-in", [this] { io_.run(); });
    log_info("forward_source: listening on {} port {}{}{}", options_.listen, port_, tls_ ? ", TLS" : "",
             options_.shared_key.empty() ? "" : ", shared key");
    return {};
}

result<> forward_server::listen() {
    auto const address = parse_host_port(options_.listen, 24224);
    if (!address) return address.error();
    tcp::resolver resolver{io_};
    boost::system::error_code failed;
    auto const host = address->host.empty() ? "0.0.0.0" : address->host;
    auto const found = resolver.resolve(host, std::to_string(address->port), tcp::resolver::passive, failed);
    if (failed || found.empty())
        return error{errc::invalid_argument, fmt::format("cannot listen on {}: {}", options_.listen, failed.message())};
    // A free TCP port need not be free for UDP.
    for (int tries_left = address->port == 0 ? free_port_tries : 1;; --tries_left) {
        auto listening = listen_at(found.begin()->endpoint());
        if (listening || tries_left == 1) return listening;
    }
}

result<> forward_server::listen_at(tcp::endpoint const& endpoint) {
    boost::system::error_code failed;
    auto const check = [&](std::string_view what) -> result<> {
        if (!failed) return {};
        boost::system::error_code ignored;
        acceptor_.close(ignored);
        heartbeats_.close(ignored);
        return error{errc::busy, fmt::format("cannot {} on {}: {}", what, options_.listen, failed.message())};
    };
    acceptor_.open(endpoint.protocol(), failed);
    if (!failed) acceptor_.set_option(asio::socket_base::reuse_address{true}, failed);
    if (!failed) acceptor_.bind(endpoint, failed);
    if (!failed) acceptor_.listen(asio::socket_base::max_listen_connections, failed);
    if (auto done = check("listen"); !done) return done;
    port_ = acceptor_.local_endpoint(failed).port();
    udp::endpoint const beside{endpoint.address(), port_};
    if (!failed) heartbeats_.open(beside.protocol(), failed);
    if (!failed) heartbeats_.bind(beside, failed);
    return check("answer UDP heartbeats");
}

asio::awaitable<void> forward_server::accept_clients() {
    while (!stopping_) {
        // Not accepted is better than closed: what a client without acks has sent waits in the kernel meanwhile.
        if (clients_.size() >= options_.connections_max) {
            if (auto const count = trouble_.admit(); count != 0)
                log_warn("forward_source: {} connections, the limit; new ones wait ({} times)", clients_.size(), count);
            co_await client_left_.async_wait(nothrow);
            continue;
        }
        auto [failed, socket] = co_await acceptor_.async_accept(nothrow);
        if (!failed) {
            admit(std::move(socket));
        } else if (!stopping_) {
            if (auto const count = trouble_.admit(); count != 0)
                log_error("forward_source: cannot accept a connection: {} ({} times)", failed.message(), count);
            asio::steady_timer pause{io_, std::chrono::milliseconds{100}};
            co_await pause.async_wait(nothrow);
        }
    }
    accept_last();
    reader_left();
}

/// Those that have connected before we stopped have sent before we stopped.
void forward_server::accept_last() {
    boost::system::error_code failed;
    acceptor_.non_blocking(true, failed);
    while (!failed && clients_.size() < options_.connections_max) {
        auto socket = acceptor_.accept(failed);
        if (!failed) admit(std::move(socket));
    }
    acceptor_.close(failed);
}

void forward_server::admit(tcp::socket socket) {
    boost::system::error_code gone;
    auto const remote = socket.remote_endpoint(gone);
    auto peer = std::make_shared<client>();
    peer->link = std::make_shared<connection>(std::move(socket));
    peer->link->set_socket_options();
    if (stopping_) peer->link->stop_reading_after(quiet_max);
    if (!gone) peer->address = to_text({.host = remote.address().to_string(), .port = remote.port()});
    clients_.insert(peer);
    connections_ = clients_.size();
    ++connections_total_;
    ++readers_;
    asio::co_spawn(io_, serve(std::move(peer)), report);
}

asio::awaitable<void> forward_server::answer_heartbeats() {
    std::array<char, 64> packet;
    while (!stopping_) {
        udp::endpoint from;
        auto [failed, bytes] = co_await heartbeats_.async_receive_from(asio::buffer(packet), from, nothrow);
        if (stopping_) break;
        if (failed) continue;  // an earlier answer that did not arrive
        packet[0] = '\0';
        co_await heartbeats_.async_send_to(asio::buffer(packet, 1), from, nothrow);
    }
}

/// One connection, from its first byte until both sides are done with it.
asio::awaitable<void> forward_server::serve(std::shared_ptr<client> peer) {
    std::optional<error> trouble;
    try {
        if (auto ended = co_await converse(peer); !ended) trouble = ended.error();
    } catch (std::exception const& what) {
        trouble = error{errc::protocol, fmt::format("exception: {}", what.what())};
    }
    if (trouble && !stopping_) {
        ++broken_connections_;
        if (auto const count = trouble_.admit(); count != 0)
            log_warn("forward_source: connection of {} closed: {} ({} times)", peer->address, trouble->message, count);
        if (trouble->code != errc::unauthorized) peer->link->close(trouble->message);
    }
    reader_left();
    peer->has_left = true;
    // It has sent all it will send, which does not mean that it does not want to hear of it. While we are stopping, its
    // reading was ended by us.
    if (!stopping_ && !peer->link->closed()) {
        if (peer->acks_due == 0 && peer->link->unsent_bytes() == 0) peer->link->close("the peer left");
        peer->link->close_after(half_closed_max, "the peer left");
    }
    while (!stopping_ && !peer->link->closed() && (peer->acks_due > 0 || peer->link->unsent_bytes() > 0)) {
        asio::steady_timer pause{io_, std::chrono::milliseconds{20}};
        co_await pause.async_wait(nothrow);
    }
    if (stopping_) co_return;  // finish() closes the ones that are left
    peer->link->close("the peer left");
    clients_.erase(peer);
    connections_ = clients_.size();
    client_left_.cancel();
}

asio::awaitable<result<>> forward_server::converse(std::shared_ptr<client> peer) {
    peer->link->close_after(options_.handshake_timeout, "no handshake in time");
    if (tls_) {
        if (auto const failed = co_await peer->link->accept_tls(*tls_); failed)
            co_return error{errc::not_connected, fmt::format("TLS: {}", failed.message())};
    }
    msgpack_stream stream{greeting_bytes_max};
    if (!options_.shared_key.empty()) {
        if (auto greeted = co_await greet(peer, stream); !greeted) co_return greeted.error();
    }
    peer->link->clear_deadline();
    co_return co_await take_messages(peer, forward_decoder{limits_, std::move(stream)});
}

asio::awaitable<result<>> forward_server::greet(std::shared_ptr<client> peer, msgpack_stream& stream) {
    auto const nonce = random_bytes(16);
    peer->link->send(std::make_shared<std::string>(make_helo(nonce)));
    auto const ping = co_await read_value(peer->link, stream);
    if (!ping) co_return ping.error();
    auto const greeting = check_ping(*ping, options_.shared_key, nonce);
    if (!greeting) {
        ++unauthorized_;
        peer->link->send(std::make_shared<std::string>(make_refusal(greeting.error().message)));
        co_return error{errc::unauthorized, greeting.error().message};
    }
    peer->link->send(std::make_shared<std::string>(
        make_pong(hostname_, {.shared_key = options_.shared_key, .nonce = nonce, .salt = greeting->salt})));
    co_return result<>{};
}

asio::awaitable<result<>> forward_server::take_messages(std::shared_ptr<client> peer, forward_decoder decoder) {
    while (!drained()) {
        if (stopping_)
            peer->link->stop_reading_after(quiet_max);
        else if (options_.idle_timeout.count() > 0)
            peer->link->close_after(options_.idle_timeout, "idle for too long");
        auto [failed, bytes] = co_await peer->link->read_some(decoder.space());
        peer->link->clear_deadline();
        if (peer->link->closed()) co_return error{errc::timed_out, peer->link->why_closed()};
        if (failed) {
            auto const is_whole = decoder.held_bytes() == 0;
            if (stopping_ || (is_whole && failed == asio::error::eof) || failed == asio::ssl::error::stream_truncated)
                co_return result<>{};
            co_return error{errc::not_connected, is_whole ? failed.message() : "it ended within a message"};
        }
        bytes_in_ += bytes;
        decoder.commit(bytes);
        while (true) {
            auto message = decoder.next();
            if (!message) co_return message.error();
            if (!*message) break;
            take(peer, **message);
            if (inbox_.full()) co_await wait_for_room();
        }
    }
    co_return result<>{};
}

void forward_server::take(std::shared_ptr<client> const& peer, forward_message const& message) {
    ++messages_;
    auto const end_offset = inbox_.put(message);
    if (message.refused) {
        if (auto const count = trouble_.admit(); count != 0)
            log_warn("forward_source: a message of {} goes to the dead letters: {} ({} times)", peer->address,
                     *message.refused, count);
    }
    if (message.chunk_msgpack.empty()) return;
    ++peer->acks_due;
    acks_.push_back({.end_offset = end_offset, .to = peer, .chunk_msgpack = std::string{message.chunk_msgpack}});
    if (end_offset <= safe_offset_) send_due_acks();
}

asio::awaitable<void> forward_server::wait_for_room() {
    while (!drained() && inbox_.full()) co_await room_made_.async_wait(nothrow);
}

void forward_server::send_due_acks() {
    acks_posted_ = false;
    auto const safe = safe_offset_.load();
    std::vector<std::shared_ptr<client>> told;
    while (!acks_.empty() && acks_.front().end_offset <= safe) {
        auto& ack = acks_.front();
        if (ack.to->acks.empty()) told.push_back(ack.to);
        ack.to->acks +=
            "\x81\xa3"
            "ack";  // {"ack": chunk}
        ack.to->acks += ack.chunk_msgpack;
        --ack.to->acks_due;
        ++chunks_acked_;
        acks_.pop_front();
    }
    for (auto const& peer : told) {
        peer->link->send(std::make_shared<std::string>(std::move(peer->acks)));
        peer->acks.clear();
        if (peer->link->unsent_bytes() > unread_acks_bytes_max) peer->link->close("the peer does not read its acks");
    }
}

void forward_server::ack_until(std::uint64_t offset) {
    safe_offset_ = offset;
    if (!acks_posted_.exchange(true)) asio::post(io_, [this] { send_due_acks(); });
}

void forward_server::made_room() {
    asio::post(io_, [this] { room_made_.cancel(); });
}

void forward_server::stop() {
    asio::post(io_, [this] { stop_taking_in(); });
}

/// What is on its way counts as taken in: a sender without acks never learns that nobody read it. So each connection is
/// read until it is quiet, as far as the bound for all of them goes.
void forward_server::stop_taking_in() {
    if (std::exchange(stopping_, true)) return;
    drain_until_ = std::chrono::steady_clock::now() + drain_max;
    drain_ends_.expires_at(drain_until_);
    drain_ends_.async_wait([this](boost::system::error_code const& cancelled) {
        if (!cancelled) room_made_.cancel();
    });
    boost::system::error_code ignored;  // nothing is waited for any more
    acceptor_.cancel(ignored);
    heartbeats_.close(ignored);
    client_left_.cancel();
    for (auto const& peer : clients_) peer->link->stop_reading_after(quiet_max);
}

bool forward_server::drained() const {
    return stopping_ && std::chrono::steady_clock::now() >= drain_until_;
}

void forward_server::reader_left() {
    --readers_;
    if (stopping_ && readers_ == 0) inbox_.close();
}

asio::awaitable<void> forward_server::finish() {
    stop_taking_in();
    drain_until_ = {};
    drain_ends_.cancel();
    room_made_.cancel();
    send_due_acks();
    auto const until = std::chrono::steady_clock::now() + finish_max;
    auto const is_sending = [](std::shared_ptr<client> const& peer) { return peer->link->unsent_bytes() > 0; };
    while (std::ranges::any_of(clients_, is_sending) && std::chrono::steady_clock::now() < until) {
        asio::steady_timer pause{io_, std::chrono::milliseconds{5}};
        co_await pause.async_wait(nothrow);
    }
    for (auto const& peer : clients_) peer->link->close("we leave");
    clients_.clear();
    keep_running_.reset();
}

void forward_server::describe(stage_status& into) const {
    auto const gauge = [&](char const* name, std::uint64_t value) {
        into.gauges.emplace_back(name, static_cast<double>(value));
    };
    gauge("connections", connections_);
    gauge("connections_total", connections_total_);
    gauge("connections_broken_total", broken_connections_);
    gauge("connections_unauthorized_total", unauthorized_);
    gauge("bytes_in_total", bytes_in_);
    gauge("messages_total", messages_);
    gauge("chunks_acked_total", chunks_acked_);
}

}  // namespace logpipe
