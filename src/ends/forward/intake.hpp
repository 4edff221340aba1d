// When clients may send and when they must wait: for room in the inbox, for acks, for memory, and at the end of the
// process, when what is on its way is still taken in. Pure: who waits is woken, and time comes from the environment.
#pragma once

#include "ack_queue.hpp"
#include "inbox.hpp"

#include "core/environment.hpp"
#include "core/log.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>

namespace logpipe::forward {

/// The network thread's, but for describe(), which any thread may call.
class intake final {
  public:
    /// @param wake  those that wait for room look again  @param events, acks, trouble  outlive the intake
    intake(inbox& events, ack_queue& acks, log_limit& trouble, environment world, std::function<void()> wake)
        : inbox_{events}, acks_{acks}, trouble_{trouble}, world_{std::move(world)}, wake_{std::move(wake)} {}

    /// As inbox::put(): the message's next portion.
    [[nodiscard]] std::uint64_t put(message_portions& message) { return inbox_.put(message); }
    /// What is due by time: parts of lines whose rest has not come, and acks that memory was short for. To be called
    /// now and then.
    void tend();
    /// Until the pump has read events, and acks became due: those that wait are woken then.
    [[nodiscard]] bool is_full() { return inbox_.full() || acks_.is_full(); }
    /// A client has to wait until memory comes back, as it does when batches are done with.
    void lacks_memory();
    void send_due_acks();

    /// One more may put events in: a session, or the acceptor.
    void add_feeder() noexcept { ++feeders_; }
    /// The inbox is closed with the last one, once it is stopping.
    void feeder_left();

    /// @return false where it was stopped before
    bool stop();
    /// Nothing is waited for any more.
    void abandon();
    [[nodiscard]] bool stopping() const noexcept { return stopping_; }
    /// While it is stopping: until when clients are waited for. Those that wait for room are woken then.
    [[nodiscard]] steady_time drain_until() const noexcept { return drain_until_; }
    /// It is stopping, and has waited for clients for as long as it may.
    [[nodiscard]] bool drained() const { return stopping_ && world_.steady() >= drain_until_; }

    void describe(stage_status& into) const;

  private:
    void pass_parts(part_check const& which);
    void say_short(std::string_view what) noexcept;

    inbox& inbox_;
    ack_queue& acks_;
    log_limit& trouble_;
    environment const world_;
    std::function<void()> const wake_;
    std::size_t feeders_ = 0;
    bool stopping_ = false;
    bool has_late_acks_ = false;
    steady_time drain_until_;
    std::atomic<std::uint64_t> memory_stalls_{0};
};

}  // namespace logpipe::forward
