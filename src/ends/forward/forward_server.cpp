#include "forward_server.hpp"

#include "core/thread.hpp"
#include "handshake.hpp"
#include "net/address.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/host_name.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <new>
#include <span>

namespace logpipe::forward {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t greeting_bytes_max = std::size_t{16} << 10U;
constexpr std::size_t salt_bytes = 16;
constexpr std::size_t due_acks_bytes_max = std::size_t{32} << 20U;    // of all clients, until their events are safe
constexpr std::size_t unread_acks_bytes_max = std::size_t{8} << 20U;  // of one client
constexpr std::chrono::milliseconds unread_acks_pause{20};
constexpr std::chrono::milliseconds short_memory_pause{500};
constexpr std::chrono::seconds half_closed_max{60};
constexpr std::chrono::milliseconds quiet_max{250};
constexpr std::chrono::seconds drain_max{5};
constexpr std::chrono::seconds finish_max{1};

/// A coroutine that ends by an exception is one session's failure (no memory, mostly), not the program's.
void report(std::exception_ptr const& failure) {
    if (!failure) return;
    try {
        std::rethrow_exception(failure);
    } catch (std::exception const& what) {
        log_error("forward_source: a session ended by an exception: {}", what.what());
    }
}

/// @return false where memory is short. What `action` was to change is then as it was.
template <class Action>
bool has_memory(Action const& action) {
    try {
        action();
        return true;
    } catch (std::bad_alloc const&) {
        return false;
    }
}

}  // namespace

forward_server::forward_server(forward_source_options const& options, forward_limits const& limits, inbox& into)
    : options_{options},
      limits_{limits},
      inbox_{into},
      keep_running_{io_.get_executor()},
      room_made_{io_, asio::steady_timer::time_point::max()},
      client_left_{io_, asio::steady_timer::time_point::max()},
      drain_ends_{io_},
      watch_{io_},
      clients_{options.connections_max, options.connections_per_address},
      hostname_{options.self_hostname} {}

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
    if (hostname_.empty()) {
        boost::system::error_code unknown;
        hostname_ = asio::ip::host_name(unknown);
        if (unknown) hostname_ = "logpipe";
    }
    if (auto listening = listen(); !listening) return listening;
    asio::co_spawn(io_, accept_clients(), report);
    if (options_.heartbeat) asio::co_spawn(io_, answer_heartbeats(), report);
    if (options_.first_message_timeout.count() > 0 || options_.message_timeout.count() > 0)
        asio::co_spawn(io_, watch_clients(), report);
    log_info("forward_source: listening on {} port {}{}{}{}", options_.listen, port_, tls_ ? ", TLS" : "",
             options_.shared_key.empty() ? "" : ", shared key",
             options_.users.empty() ? std::string{} : fmt::format(", {} users", options_.users.size()));
    boost::system::error_code ignored;  // it listens, so it has an address
    if (!options_.users.empty() && !tls_ && !acceptor_.local_endpoint(ignored).address().is_loopback())
        log_warn(
            "forward_source: users log in without TLS on {}: passwords can be guessed from what goes over the "
            "network, and events be read; give --certificate-file and --key-file",
            options_.listen);
    bool const has_files = tls_ || !options_.shared_key_file.empty() || !options_.users_file.empty();
    // From here on, what the files hold is the network thread's.
    thread_ = start_thread("fwd-in", [this] { io_.run(); });
    if (has_files) reload_ = reload_entry{"forward_source", [this] { return reload(); }};
    return {};
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

void forward_server::admit(tcp::socket socket) {
    boost::system::error_code gone;
    auto const remote = socket.remote_endpoint(gone);
    if (clients_.is_full_for(remote.address())) {
        ++connections_rejected_;
        if (auto const count = trouble_.admit(); count != 0)
            log_warn(
                "forward_source: connection of {} closed: its address has {} already, the limit "
                "(--connections-per-address) ({} times)",
                remote.address().to_string(), options_.connections_per_address, count);
        return;
    }
    auto peer = std::make_shared<client>();
    peer->host = remote.address();
    peer->link = std::make_shared<connection>(std::move(socket));
    peer->link->set_socket_options();
    if (stopping_) peer->link->stop_reading_after(quiet_max);
    if (!gone) peer->address = net::to_text({.host = remote.address().to_string(), .port = remote.port()});
    clients_.add(peer);
    connections_ = clients_.size();
    ++connections_total_;
    ++readers_;
    asio::co_spawn(io_, serve(std::move(peer)), report);
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
    clients_.remove(peer);
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
    if (!options_.shared_key.empty() || !options_.users.empty()) {
        if (auto greeted = co_await greet(peer, stream); !greeted) co_return greeted.error();
        clients_.establish(*peer);
    }
    peer->link->clear_deadline();
    co_return co_await take_messages(peer, forward_decoder{limits_, std::move(stream)});
}

asio::awaitable<result<>> forward_server::greet(std::shared_ptr<client> peer, msgpack_stream& stream) {
    server_greeting const helo{.nonce = random_bytes(salt_bytes),
                               .auth_salt = options_.users.empty() ? std::string{} : random_bytes(salt_bytes)};
    peer->link->send(std::make_shared<std::string>(make_helo(helo)));
    auto const ping = co_await read_value(peer->link, stream);
    if (!ping) co_return ping.error();
    auto const greeting =
        check_ping(*ping, {.shared_key = options_.shared_key, .greeting = helo, .users = options_.users});
    if (!greeting) {
        ++unauthorized_;
        peer->link->send(std::make_shared<std::string>(make_refusal(greeting.error().message)));
        co_return error{errc::unauthorized, greeting.error().message};
    }
    peer->link->send(std::make_shared<std::string>(
        make_pong(hostname_, {.shared_key = options_.shared_key, .nonce = helo.nonce, .salt = greeting->salt})));
    co_return result<>{};
}

asio::awaitable<result<>> forward_server::take_messages(std::shared_ptr<client> peer, forward_decoder decoder) {
    while (!drained()) {
        if (stopping_)
            peer->link->stop_reading_after(quiet_max);
        else if (options_.idle_timeout.count() > 0)
            peer->link->close_after(options_.idle_timeout, "idle for too long");
        std::span<char> space;
        while (!has_memory([&] { space = decoder.space(); })) co_await wait_for_memory();
        peer->is_awaited = true;
        auto [failed, bytes] = co_await peer->link->read_some(space);
        peer->is_awaited = false;
        peer->link->clear_deadline();
        if (peer->link->closed()) co_return error{errc::timed_out, peer->link->why_closed()};
        if (failed) {
            auto const is_whole = !decoder.within_message();
            if (stopping_ || (is_whole && failed == asio::error::eof) || failed == asio::ssl::error::stream_truncated)
                co_return result<>{};
            co_return error{errc::not_connected, is_whole ? failed.message() : "it ended within a message"};
        }
        bytes_in_ += bytes;
        decoder.commit(bytes);
        bool whole = false;
        while (true) {
            auto message = decoder.next();
            if (!message) co_return message.error();
            if (!*message) break;
            // From here on it has something to lose.
            if (!std::exchange(whole, true) && !peer->pace.established()) clients_.establish(*peer);
            std::uint64_t end_offset = 0;
            while (!has_memory([&] { end_offset = inbox_.put(**message); })) {
                if (drained()) co_return result<>{};  // it is not acked: its client sends it again
                co_await wait_for_memory();
            }
            take(peer, **message, end_offset);
            if (!has_room(*peer)) co_await wait_for_room(peer);
        }
        peer->pace.received(bytes, whole, decoder.within_message());
        tell_of_passing_over(*peer, decoder.passes_over());
    }
    co_return result<>{};
}

void forward_server::take(std::shared_ptr<client> const& peer, forward_message const& message,
                          std::uint64_t end_offset) {
    ++messages_;
    if (message.refused) {
        if (auto const count = trouble_.admit(); count != 0)
            log_warn("forward_source: a message of {} goes to the dead letters: {} ({} times)", peer->address,
                     *message.refused, count);
    }
    if (message.chunk_msgpack.empty()) return;
    ++peer->acks_due;
    acks_.push_back({.end_offset = end_offset, .to = peer, .chunk_msgpack = std::string{message.chunk_msgpack}});
    acks_bytes_ += acks_.back().bytes();
    if (end_offset <= safe_offset_) send_due_acks();
}

/// A message that long takes a while, and nothing else tells of it until it is over.
void forward_server::tell_of_passing_over(client& peer, bool passes_over) {
    if (std::exchange(peer.passes_over, passes_over) || !passes_over) return;
    if (auto const count = trouble_.admit(); count != 0)
        log_warn(
            "forward_source: {} sends a message of more than {} bytes (--message-bytes-max): only its beginning "
            "will be kept, in the dead letters ({} times)",
            peer.address, limits_.message_bytes_max, count);
}

/// This client is not read meanwhile. Memory comes back as batches are done with.
asio::awaitable<void> forward_server::wait_for_memory() {
    ++memory_stalls_;
    if (auto const count = trouble_.admit(); count != 0)
        log_error("forward_source: no memory for a client's message: it waits ({} times)", count);
    asio::steady_timer pause{io_, short_memory_pause};
    co_await pause.async_wait(nothrow);
}

bool forward_server::has_room(client const& peer) {
    return !inbox_.full() && acks_bytes_ <= due_acks_bytes_max && peer.link->unsent_bytes() <= unread_acks_bytes_max;
}

/// Until events were read, acks became due, and this client has read its own. One that reads no more is closed by the
/// connection's own deadline for writing.
asio::awaitable<void> forward_server::wait_for_room(std::shared_ptr<client> peer) {
    while (!drained() && !peer->link->closed() && !has_room(*peer)) {
        if (inbox_.full() || acks_bytes_ > due_acks_bytes_max) {
            co_await room_made_.async_wait(nothrow);
        } else {
            asio::steady_timer pause{io_, unread_acks_pause};
            co_await pause.async_wait(nothrow);
        }
    }
}

void forward_server::send_due_acks() {
    acks_posted_ = false;
    auto const safe = safe_offset_.load();
    std::vector<std::shared_ptr<client>> told;
    bool const had_room = acks_bytes_ <= due_acks_bytes_max;
    while (!acks_.empty() && acks_.front().end_offset <= safe) {
        auto& ack = acks_.front();
        if (ack.to->acks.empty()) told.push_back(ack.to);
        ack.to->acks +=
            "\x81\xa3"
            "ack";  // {"ack": chunk}
        ack.to->acks += ack.chunk_msgpack;
        acks_bytes_ -= ack.bytes();
        --ack.to->acks_due;
        ++chunks_acked_;
        acks_.pop_front();
    }
    for (auto const& peer : told) {
        peer->link->send(std::make_shared<std::string>(std::move(peer->acks)));
        peer->acks.clear();
    }
    if (!had_room) room_made_.cancel();
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
    watch_.cancel();
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

}  // namespace logpipe::forward
