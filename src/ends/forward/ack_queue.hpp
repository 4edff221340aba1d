// Acks that wait until the events of their chunks are safe. The inbox gives the events' offsets, and the pump says up
// to which one all are safe; so acks leave in the order in which the chunks came.
#pragma once

#include "peer_table.hpp"

#include "core/memory_budget.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::forward {

/// The network thread's, but for safe_until() and describe(), which any thread may call.
class ack_queue final {
  public:
    explicit ack_queue(memory_budget& memory) : memory_{memory, "forward acks"} {}

    /// @param end_offset  of the chunk's last event, plus one
    /// @return whether it is due at once: call send_due()
    [[nodiscard]] bool add(std::uint64_t end_offset, std::shared_ptr<forward_peer> const& to,
                           std::string_view chunk_msgpack);
    /// All events before `offset` are safe. @return whether send_due() has to be scheduled
    [[nodiscard]] bool safe_until(std::uint64_t offset) noexcept;
    /// Gives each client its acks that are due. @return whether the queue was full and is not any more. Throws
    /// std::bad_alloc; those that were not sent then are with the next call.
    bool send_due();
    [[nodiscard]] bool is_full() const noexcept { return memory_.bytes() > bytes_max; }
    void describe(stage_status& into) const;

  private:
    void gather_due();
    void send_gathered();

    /// Of all clients, until their events are safe.
    static constexpr std::size_t bytes_max = std::size_t{32} << 20U;

    struct due_ack {
        std::uint64_t end_offset = 0;
        std::shared_ptr<forward_peer> to;
        std::string chunk_msgpack;

        [[nodiscard]] std::size_t bytes() const noexcept { return sizeof(due_ack) + chunk_msgpack.size(); }
    };

    std::deque<due_ack> acks_;  // in the order of their offsets
    memory_share memory_;
    bool was_full_ = false;
    std::vector<std::shared_ptr<forward_peer>> receivers_;  // of acks that are gathered
    std::atomic<std::uint64_t> safe_offset_{0};
    std::atomic<bool> scheduled_{false};
    std::atomic<std::uint64_t> acked_{0};
};

}  // namespace logpipe::forward
