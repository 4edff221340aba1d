#include "session_stepper.hpp"

#include <algorithm>
#include <new>

namespace logpipe::forward {

namespace {

constexpr std::size_t greeting_bytes_max = std::size_t{16} << 10U;
constexpr std::size_t salt_bytes = 16;
constexpr std::size_t unread_acks_bytes_max = std::size_t{8} << 20U;  // of one client
constexpr std::chrono::milliseconds unread_acks_pause{20};
constexpr std::size_t kept_bytes_max = std::size_t{4} << 20U;
constexpr std::size_t idle_part = 4;  // of what may be held
constexpr std::chrono::milliseconds short_memory_pause{500};
constexpr std::chrono::seconds half_closed_max{60};
constexpr std::chrono::milliseconds linger_pause{20};

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

session_stepper::session_stepper(std::shared_ptr<forward_peer> peer, session_context const& context)
    : peer_{std::move(peer)},
      shared_{context},
      stream_{greeting_bytes_max},
      memory_{context.turn.budget(), "forward messages"} {
    if (!shared_.events.stopping()) peer_->link->close_after(shared_.options.handshake_timeout, "handshake timeout");
}

session_wait session_stepper::step() {
    while (state_ != state::lingering)
        if (auto const wait = converse()) return *wait;
    return linger();
}

std::optional<session_wait> session_stepper::converse() {
    switch (state_) {
        case state::connected:
            if (wants_login())
                send_helo();
            else
                expect_messages(state::reading);
            return std::nullopt;
        case state::greeting:
            return greet();
        case state::reading:
            return read();
        case state::full:
            return wait_for_room();
        case state::taking:
            return take_messages();
        case state::lingering:
            break;
    }
    return std::nullopt;
}

bool session_stepper::wants_login() const {
    return !shared_.options.shared_key.empty() || !shared_.options.users.empty();
}

void session_stepper::send_helo() {
    helo_ = {.nonce = random_bytes(salt_bytes),
             .auth_salt = shared_.options.users.empty() ? std::string{} : random_bytes(salt_bytes)};
    send(make_helo(helo_));
    state_ = state::greeting;
}

std::optional<session_wait> session_stepper::greet() {
    auto const ping = stream_.next();
    if (!ping)
        end(ping.error());
    else if (*ping)
        check_login(**ping);
    else
        return session_wait{.what = session_wait::kind::bytes, .space = stream_.space()};
    return std::nullopt;
}

void session_stepper::check_login(std::string_view ping) {
    auto const& options = shared_.options;
    auto const client = check_ping(ping, {.shared_key = options.shared_key, .greeting = helo_, .users = options.users});
    if (!client) {
        ++shared_.counts.unauthorized;
        send(make_rejection(client.error().message));
        return end(error{errc::unauthorized, client.error().message});
    }
    send(make_pong(shared_.hostname, {.shared_key = options.shared_key, .nonce = helo_.nonce, .salt = client->salt}));
    shared_.peers.establish(*peer_);
    expect_messages(state::taking);  // its first may have come with the PING
}

void session_stepper::expect_messages(state next) {
    peer_->link->clear_deadline();
    decoder_.emplace(shared_.limits, std::move(stream_));
    state_ = next;
}

std::optional<session_wait> session_stepper::read() {
    auto& link = *peer_->link;
    if (shared_.events.drained()) {
        end({});
        return std::nullopt;
    }
    if (decoder_->within_message() && !link.closed()) {
        bool const may_read = shared_.turn.may_read(peer_->link);
        if (!may_read && !std::exchange(waits_for_turn_, true)) shared_.turn.budget().waited();
        if (!may_read) return session_wait{.what = session_wait::kind::pause, .pause = net::memory_turn::pause};
        waits_for_turn_ = false;
    } else {
        decoder_->release_above(kept_bytes());
    }
    if (shared_.events.stopping())
        link.stop_reading_after(session_group::quiet_max);
    else if (shared_.options.idle_timeout.count() > 0)
        link.close_after(shared_.options.idle_timeout, "idle timeout");
    std::span<char> space;
    if (!has_memory([&] { space = decoder_->space(); })) return wait_for_memory();
    account();
    peer_->is_awaited = true;
    return session_wait{.what = session_wait::kind::bytes, .space = space};
}

/// A client that is idle keeps its buffer as far as all may keep theirs: there may be a thousand.
std::size_t session_stepper::kept_bytes() const {
    auto const& budget = shared_.turn.budget();
    if (budget.is_short()) return 0;
    auto const held_max = budget.limits().held;
    if (held_max == 0) return kept_bytes_max;
    return std::min(kept_bytes_max, held_max / idle_part / std::max<std::size_t>(shared_.peers.size(), 1));
}

void session_stepper::received(std::size_t bytes) {
    peer_->is_awaited = false;
    if (peer_->link->closed()) return end(error{errc::timed_out, peer_->link->close_reason()});
    if (!decoder_) return stream_.commit(bytes);
    peer_->link->clear_deadline();
    shared_.counts.bytes_in += bytes;
    shared_.turn.received(*peer_->link, bytes);
    decoder_->commit(bytes);
    received_bytes_ = bytes;
    state_ = state::taking;
}

void session_stepper::ended(std::string_view failure) {
    auto const broken = [&](std::string_view reason) { end(error{errc::not_connected, std::string{reason}}); };
    peer_->is_awaited = false;
    if (peer_->link->closed()) return end(error{errc::timed_out, peer_->link->close_reason()});
    if (decoder_) peer_->link->clear_deadline();
    if (shared_.events.stopping()) return end({});
    if (decoder_ && decoder_->within_message()) return broken("the peer closed it within a message");
    if (!failure.empty()) return broken(failure);
    if (!decoder_) return broken("the peer closed the connection");
    end({});
}

std::optional<session_wait> session_stepper::take_messages() {
    while (true) {
        if (taking_) {
            if (auto const wait = take_portions()) return wait;
        }
        result<std::optional<forward_message>> message = std::optional<forward_message>{};
        if (!has_memory([&] { message = decoder_->next(); })) return wait_for_memory();
        if (!message) {
            end(message.error());
            return std::nullopt;
        }
        if (!*message) break;
        // From here on it has something to lose.
        if (!std::exchange(any_message_, true) && !peer_->pace.established()) shared_.peers.establish(*peer_);
        taking_.emplace(**std::move(message));
    }
    messages_taken();
    return std::nullopt;
}

/// Until the message is whole.
std::optional<session_wait> session_stepper::take_portions() {
    while (taking_) {
        std::uint64_t end_offset = 0;
        if (!has_memory([&] { end_offset = shared_.events.put(*taking_); })) return wait_for_memory();
        if (taking_->is_whole()) {
            take(taking_->message(), end_offset);
            taking_.reset();
            shared_.turn.leave(*peer_->link);
        }
        account();
        if (auto const wait = wait_for_room()) return wait;
    }
    return std::nullopt;
}

void session_stepper::account() noexcept {
    memory_.set(decoder_->held_bytes() + (taking_ ? taking_->held_bytes() : 0));
}

void session_stepper::take(forward_message const& message, std::uint64_t end_offset) {
    ++shared_.counts.messages;
    if (message.rejected) {
        if (auto const count = shared_.trouble.admit(); count != 0)
            log_warn("forward_source: a message of {} goes to the dead letters: {} ({} times)", peer_->address,
                     *message.rejected, count);
    }
    if (message.chunk_msgpack.empty()) return;
    if (shared_.acks.add(end_offset, peer_, message.chunk_msgpack)) shared_.events.send_due_acks();
}

/// Until the pump has read events, acks became due, and this client has read its own. One that does not read them is
/// closed by the connection's own deadline for writing.
std::optional<session_wait> session_stepper::wait_for_room() {
    bool const is_closed = peer_->link->closed();
    // Also the rest of a message whose client is gone waits for room: it may be large.
    bool const is_full = shared_.events.is_full() && (taking_ || !is_closed);
    bool const has_unread = peer_->link->unsent_bytes() > unread_acks_bytes_max && !is_closed;
    if ((!is_full && !has_unread) || shared_.events.drained()) {
        state_ = state::taking;
        return std::nullopt;
    }
    state_ = state::full;
    if (is_full) return session_wait{.what = session_wait::kind::room};
    return session_wait{.what = session_wait::kind::pause, .pause = unread_acks_pause};
}

std::optional<session_wait> session_stepper::wait_for_memory() {
    if (shared_.events.drained()) {
        end({});  // a message that was not put in is not acked: its client retries
        return std::nullopt;
    }
    shared_.events.lacks_memory();
    return session_wait{.what = session_wait::kind::pause, .pause = short_memory_pause};
}

/// What came was taken, but for a part of a message.
void session_stepper::messages_taken() {
    peer_->pace.received(std::exchange(received_bytes_, 0), std::exchange(any_message_, false),
                         decoder_->within_message());
    state_ = state::reading;
    // A message that long takes a while, and nothing else says so until it is complete.
    if (std::exchange(peer_->is_oversized, decoder_->is_oversized()) || !decoder_->is_oversized()) return;
    if (auto const count = shared_.trouble.admit(); count != 0)
        log_warn(
            "forward_source: {} sends a message of more than {} bytes (--message-bytes-max): only its beginning "
            "will be kept, in the dead letters ({} times)",
            peer_->address, shared_.limits.message_bytes_max, count);
}

/// From here on the client gets its acks: it has sent all it will send, which does not mean that it does not want them.
void session_stepper::end(result<> how) {
    if (state_ == state::lingering) return peer_->link->close(how ? "the peer left" : how.error().message);
    state_ = state::lingering;
    shared_.turn.leave(*peer_->link);
    shared_.events.feeder_left();
    if (shared_.events.stopping()) return;
    peer_->link->close_after(half_closed_max, "the peer left");
    if (!how) close_broken(how.error());
}

void session_stepper::close_broken(error const& reason) {
    ++shared_.counts.broken;
    if (auto const count = shared_.trouble.admit(); count != 0)
        log_warn("forward_source: connection of {} closed: {} ({} times)", peer_->address, reason.message, count);
    // A client that is not let in reads why.
    if (reason.code != errc::unauthorized) peer_->link->close(reason.message);
}

/// While the source is stopping, it was we who ended the client's sending, and the group closes the connection.
session_wait session_stepper::linger() {
    auto& link = *peer_->link;
    if (shared_.events.stopping()) return {};
    if (!link.closed() && (peer_->acks_due > 0 || link.unsent_bytes() > 0))
        return {.what = session_wait::kind::pause, .pause = linger_pause};
    link.close("the peer left");
    return {};
}

void session_stepper::send(std::string bytes) {
    peer_->link->send(std::make_shared<std::string>(std::move(bytes)));
}

}  // namespace logpipe::forward
