// While memory is short, one client at a time goes on with its message, so that it becomes whole, is stored and let go;
// the others are not read, and TCP slows them. Pure.
#pragma once

#include "peer_table.hpp"

#include "core/environment.hpp"

#include <cstddef>
#include <memory>
#include <utility>

namespace logpipe::forward {

/// The network thread's.
class memory_turn final {
  public:
    explicit memory_turn(environment world) : world_{std::move(world)} {}

    /// @return whether more of this client's message, which has begun, may be read now
    [[nodiscard]] bool may_read(std::shared_ptr<forward_peer> const& peer);
    /// It has sent so many bytes.
    void received(forward_peer const& peer, std::size_t bytes) noexcept {
        if (holder_.get() == &peer) bytes_ += bytes;
    }
    /// Its message is whole, or it is gone.
    void leave(forward_peer const& peer) noexcept {
        if (holder_.get() == &peer) holder_.reset();
    }
    [[nodiscard]] memory_budget& budget() const noexcept { return *world_.memory; }

  private:
    void begin(std::shared_ptr<forward_peer> const& peer);
    void count();

    environment const world_;
    std::shared_ptr<forward_peer> holder_;
    bool is_contended_ = false;  // others wait for it
    steady_time since_;          // its bytes are counted
    std::size_t bytes_ = 0;
};

}  // namespace logpipe::forward
