// What the sessions of a forward server have in common: who is connected, what may still come in, which acks are due.
// Pure: forward_server.cpp carries it on a thread, and a simulation in virtual time.
#pragma once

#include "ack_queue.hpp"
#include "intake.hpp"
#include "peer_table.hpp"

#include "forward/forward.hpp"

#include "core/environment.hpp"
#include "core/log.hpp"
#include "net/memory_turn.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace logpipe::forward {

/// Of all sessions. Any thread.
struct session_counts {
    std::atomic<std::uint64_t> bytes_in{0};
    std::atomic<std::uint64_t> messages{0};
    std::atomic<std::uint64_t> broken{0};
    std::atomic<std::uint64_t> unauthorized{0};

    void describe(stage_status& into) const;
};

/// What a session sees of the others. It outlives the sessions.
struct session_context {
    forward_source_options const& options;  // key and users change while sessions run
    forward_limits const& limits;
    std::string const& hostname;
    peer_table& peers;
    intake& events;
    ack_queue& acks;
    session_counts& counts;
    net::memory_turn& turn;
    log_limit& trouble;
};

/// The network thread's, but for safe_until() and describe(), which any thread may call.
class session_group final {
  public:
    /// How long a connection must be quiet to be read no more, once the source is stopping.
    static constexpr std::chrono::milliseconds quiet_max{250};

    /// @param wake  sessions that wait for room make their next step  @param options, limits, into  outlive the group
    session_group(forward_source_options const& options, forward_limits const& limits, inbox& into, environment world,
                  std::function<void()> wake);

    /// A client has connected; it gets a session. @return false where its address has as many as it may have: the
    /// caller closes it
    [[nodiscard]] bool admit(peer_table::pointer const& peer);
    /// Its session has ended. @return whether its slot is free; not at the end of the process, where acks may be due
    bool left(peer_table::pointer const& peer);
    /// All events before `offset` are safe. @return whether send_due_acks() has to be scheduled
    [[nodiscard]] bool safe_until(std::uint64_t offset) noexcept { return acks_.safe_until(offset); }
    void send_due_acks() { events_.send_due_acks(); }

    /// What is on its way counts as taken in: a sender without acks never learns that nobody read it. So each
    /// connection is read until it is quiet, as far as the limit for all of them goes.
    /// @return false where it was stopped before
    bool stop();
    /// After stop(): nothing is waited for any more, and the acks that are due are sent.
    void abandon();
    [[nodiscard]] bool is_sending() const;
    void close_all();

    [[nodiscard]] session_context const& context() const noexcept { return context_; }
    void describe(stage_status& into) const;

  private:
    std::string const hostname_;
    log_limit trouble_;
    peer_table peers_;
    ack_queue acks_;
    intake events_;
    session_counts counts_;
    net::memory_turn turn_;
    session_context const context_;
};

}  // namespace logpipe::forward
