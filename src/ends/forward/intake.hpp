// When clients may send and when they must wait: for room in the inbox, for acks, for memory, and at the end of the
// process, when what is on its way is still taken in.
#pragma once

#include "ack_queue.hpp"
#include "inbox.hpp"
#include "peer_table.hpp"

#include "core/log.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace logpipe::forward {

/// The network thread's, but for describe(), which any thread may call.
class intake final {
  public:
    /// All but `io` outlive the intake.
    intake(boost::asio::io_context& io, inbox& events, ack_queue const& acks, log_limit& trouble)
        : inbox_{events}, acks_{acks}, trouble_{trouble}, room_made_{io, never()}, drain_ends_{io} {}

    /// As inbox::put().
    [[nodiscard]] std::uint64_t put(forward_message const& message) { return inbox_.put(message); }
    [[nodiscard]] bool has_room(forward_peer const& peer);
    /// Until the pump has read events, acks became due, and this client has read its own. One that does not read them
    /// is closed by the connection's own deadline for writing.
    [[nodiscard]] boost::asio::awaitable<void> wait_for_room(std::shared_ptr<forward_peer> peer);
    /// This client is not read meanwhile. Memory comes back as batches are done with.
    [[nodiscard]] boost::asio::awaitable<void> wait_for_memory();
    void made_room() { room_made_.cancel(); }

    /// One more may put events in: a session, or the acceptor.
    void add_feeder() noexcept { ++feeders_; }
    /// The inbox is closed with the last one, once it is stopping.
    void feeder_left();

    /// @return false where it was stopped before
    bool stop();
    /// Nothing is waited for any more.
    void abandon();
    [[nodiscard]] bool stopping() const noexcept { return stopping_; }
    /// It is stopping, and has waited for clients for as long as it may.
    [[nodiscard]] bool drained() const;

    void describe(stage_status& into) const;

  private:
    [[nodiscard]] static std::chrono::steady_clock::time_point never() noexcept {
        return std::chrono::steady_clock::time_point::max();
    }

    inbox& inbox_;
    ack_queue const& acks_;
    log_limit& trouble_;
    boost::asio::steady_timer room_made_;  // cancelled to wake those that wait
    boost::asio::steady_timer drain_ends_;
    std::size_t feeders_ = 0;
    bool stopping_ = false;
    std::chrono::steady_clock::time_point drain_until_;  // while stopping
    std::atomic<std::uint64_t> memory_stalls_{0};
};

}  // namespace logpipe::forward
