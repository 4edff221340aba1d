// One client of the forward server as a state machine: handshake, messages, and the acks that it still gets after its
// last one. Events go in, and each step says what the session waits for next; what does not wait (sending, closing,
// deadlines) it does by its link at once. Pure: forward_session.cpp carries it over a network, and a simulation in
// virtual time.
#pragma once

#include "forward_decoder.hpp"
#include "handshake.hpp"
#include "message_portions.hpp"
#include "session_group.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace logpipe::forward {

/// What a session waits for before its next step.
struct session_wait {
    enum class kind : std::uint8_t {
        bytes,  ///< received() or ended() says how it went
        room,   ///< in the inbox or for acks: session_group wakes those that wait
        pause,  ///< until it is over
        none,   ///< the session is over
    };
    kind what = kind::none;
    std::span<char> space;               ///< where the bytes go
    std::chrono::milliseconds pause{0};  ///< how long
};

/// The network thread's. From connecting until both sides are done with the connection; while the source is stopping it
/// is over earlier, with acks that may be due.
class session_stepper final {
  public:
    /// The handshake's deadline begins, that of TLS included. @param peer  of the group, and admitted there
    session_stepper(std::shared_ptr<forward_peer> peer, session_context const& context);

    [[nodiscard]] session_wait step();
    /// The client's next bytes are in the space.
    void received(std::size_t bytes);
    /// None will come. @param failure  why; empty: the client has sent all it will send
    void ended(std::string_view failure);
    /// It cannot go on.
    void fail(error const& reason) { end(reason); }

  private:
    enum class state : std::uint8_t { connected, greeting, reading, taking, full, lingering };

    // Each is left by what to wait for, or by none: the next state's turn.
    [[nodiscard]] std::optional<session_wait> converse();
    [[nodiscard]] std::optional<session_wait> greet();
    [[nodiscard]] std::optional<session_wait> read();
    [[nodiscard]] std::optional<session_wait> take_messages();
    [[nodiscard]] std::optional<session_wait> wait_for_room();
    [[nodiscard]] std::optional<session_wait> wait_for_memory();
    [[nodiscard]] session_wait linger();

    [[nodiscard]] bool wants_login() const;
    void send_helo();
    void check_login(std::string_view ping);
    void expect_messages(state next);
    [[nodiscard]] std::optional<session_wait> take_portions();
    void take(forward_message const& message, std::uint64_t end_offset);
    void messages_taken();
    void account() noexcept;
    [[nodiscard]] std::size_t kept_bytes() const;
    void end(result<> how);
    void close_broken(error const& reason);
    void send(std::string bytes);

    std::shared_ptr<forward_peer> const peer_;
    session_context const& shared_;
    state state_ = state::connected;
    msgpack_stream stream_;  // until messages are expected
    server_greeting helo_;
    std::optional<forward_decoder> decoder_;  // from then on
    std::optional<message_portions> taking_;  // into the decoder's bytes
    memory_share memory_;                     // decoder's and portions'
    std::size_t received_bytes_ = 0;          // since the messages before were taken
    bool any_message_ = false;                // in them
    bool waits_for_turn_ = false;
};

}  // namespace logpipe::forward
