#include "forward_session.hpp"

#include "forward_metrics.hpp"
#include "handshake.hpp"
#include "read_value.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <new>
#include <span>
#include <utility>

namespace logpipe::forward {

namespace asio = boost::asio;

namespace {

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t greeting_bytes_max = std::size_t{16} << 10U;
constexpr std::size_t salt_bytes = 16;
constexpr std::chrono::seconds half_closed_max{60};
constexpr std::chrono::milliseconds linger_step{20};

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

void session_counts::describe(stage_status& into) const {
    into.metrics.emplace_back(metrics::connections_broken, broken);
    into.metrics.emplace_back(metrics::connections_unauthorized, unauthorized);
    into.metrics.emplace_back(metrics::bytes_in, bytes_in);
    into.metrics.emplace_back(metrics::messages, messages);
}

asio::awaitable<void> forward_session::run() {
    std::optional<error> trouble;
    try {
        if (auto ended = co_await converse(); !ended) trouble = ended.error();
    } catch (std::exception const& what) {
        trouble = error{errc::protocol, fmt::format("exception: {}", what.what())};
    }
    if (trouble && !shared_.events.stopping()) close_broken(*trouble);
    shared_.events.feeder_left();
    co_await linger();
}

void forward_session::close_broken(error const& reason) {
    ++shared_.counts.broken;
    if (auto const count = shared_.trouble.admit(); count != 0)
        log_warn("forward_source: connection of {} closed: {} ({} times)", peer_->address, reason.message, count);
    if (reason.code != errc::unauthorized) peer_->link->close(reason.message);
}

/// The client has sent all it will send, which does not mean that it does not want the acks. While the source is
/// stopping, it was we who ended its sending, and the server closes the connection.
asio::awaitable<void> forward_session::linger() {
    auto& link = *peer_->link;
    auto const is_done = [&] { return peer_->acks_due == 0 && link.unsent_bytes() == 0; };
    if (!shared_.events.stopping() && !link.closed()) {
        if (is_done()) link.close("the peer left");
        link.close_after(half_closed_max, "the peer left");
    }
    while (!shared_.events.stopping() && !link.closed() && !is_done()) {
        asio::steady_timer pause{link.socket().get_executor(), linger_step};
        co_await pause.async_wait(nothrow);
    }
    if (!shared_.events.stopping()) link.close("the peer left");
}

asio::awaitable<result<>> forward_session::converse() {
    auto const& options = shared_.options;
    peer_->link->close_after(options.handshake_timeout, "handshake timeout");
    if (shared_.tls) {
        if (auto accepted = co_await peer_->link->accept_tls(*shared_.tls); !accepted) co_return accepted.error();
    }
    msgpack_stream stream{greeting_bytes_max};
    if (!options.shared_key.empty() || !options.users.empty()) {
        if (auto greeted = co_await greet(stream); !greeted) co_return greeted.error();
        shared_.peers.establish(*peer_);
    }
    peer_->link->clear_deadline();
    co_return co_await take_messages(forward_decoder{shared_.limits, std::move(stream)});
}

asio::awaitable<result<>> forward_session::greet(msgpack_stream& stream) {
    auto const& options = shared_.options;
    auto const send = [&](std::string bytes) { peer_->link->send(std::make_shared<std::string>(std::move(bytes))); };
    server_greeting const helo{.nonce = random_bytes(salt_bytes),
                               .auth_salt = options.users.empty() ? std::string{} : random_bytes(salt_bytes)};
    send(make_helo(helo));
    auto const ping = co_await read_value(peer_->link, stream);
    if (!ping) co_return ping.error();
    auto const greeting =
        check_ping(*ping, {.shared_key = options.shared_key, .greeting = helo, .users = options.users});
    if (!greeting) {
        ++shared_.counts.unauthorized;
        send(make_rejection(greeting.error().message));
        co_return error{errc::unauthorized, greeting.error().message};
    }
    send(make_pong(shared_.hostname, {.shared_key = options.shared_key, .nonce = helo.nonce, .salt = greeting->salt}));
    co_return result<>{};
}

asio::awaitable<result<>> forward_session::take_messages(forward_decoder decoder) {
    auto& link = *peer_->link;
    while (!shared_.events.drained()) {
        if (shared_.events.stopping())
            link.stop_reading_after(quiet_max);
        else if (shared_.options.idle_timeout.count() > 0)
            link.close_after(shared_.options.idle_timeout, "idle timeout");
        std::span<char> space;
        while (!has_memory([&] { space = decoder.space(); })) co_await shared_.events.wait_for_memory();
        peer_->is_awaited = true;
        auto [failed, bytes] = co_await link.read_some(space);
        peer_->is_awaited = false;
        link.clear_deadline();
        if (link.closed()) co_return error{errc::timed_out, link.close_reason()};
        if (failed) co_return ended(failed, decoder.within_message());
        shared_.counts.bytes_in += bytes;
        decoder.commit(bytes);
        auto const any = co_await take_complete(decoder);
        if (!any) co_return any.error();
        if (!*any) break;
        peer_->pace.received(bytes, **any, decoder.within_message());
        report_oversized(decoder.is_oversized());
    }
    co_return result<>{};
}

asio::awaitable<result<std::optional<bool>>> forward_session::take_complete(forward_decoder& decoder) {
    bool any = false;
    while (true) {
        auto message = decoder.next();
        if (!message) co_return message.error();
        if (!*message) co_return std::optional{any};
        // From here on it has something to lose.
        if (!std::exchange(any, true) && !peer_->pace.established()) shared_.peers.establish(*peer_);
        std::uint64_t end_offset = 0;
        while (!has_memory([&] { end_offset = shared_.events.put(**message); })) {
            if (shared_.events.drained()) co_return std::optional<bool>{};  // it is not acked: its client retries
            co_await shared_.events.wait_for_memory();
        }
        take(**message, end_offset);
        if (!shared_.events.has_room(*peer_)) co_await shared_.events.wait_for_room(peer_);
    }
}

/// The peer ended the connection, or it broke.
result<> forward_session::ended(boost::system::error_code failed, bool is_within_message) const {
    bool const is_end = failed == asio::error::eof && !is_within_message;
    if (shared_.events.stopping() || is_end || failed == asio::ssl::error::stream_truncated) return {};
    return error{errc::not_connected,
                 is_within_message ? std::string{"the peer closed it within a message"} : failed.message()};
}

void forward_session::take(forward_message const& message, std::uint64_t end_offset) {
    ++shared_.counts.messages;
    if (message.rejected) {
        if (auto const count = shared_.trouble.admit(); count != 0)
            log_warn("forward_source: a message of {} goes to the dead letters: {} ({} times)", peer_->address,
                     *message.rejected, count);
    }
    if (message.chunk_msgpack.empty()) return;
    if (shared_.acks.add(end_offset, peer_, message.chunk_msgpack) && shared_.acks.send_due())
        shared_.events.made_room();
}

/// A message that long takes a while, and nothing else says so until it is complete.
void forward_session::report_oversized(bool is_oversized) {
    if (std::exchange(peer_->is_oversized, is_oversized) || !is_oversized) return;
    if (auto const count = shared_.trouble.admit(); count != 0)
        log_warn(
            "forward_source: {} sends a message of more than {} bytes (--message-bytes-max): only its beginning "
            "will be kept, in the dead letters ({} times)",
            peer_->address, shared_.limits.message_bytes_max, count);
}

}  // namespace logpipe::forward
