// While memory is short, one client at a time goes on with its message, so that it becomes whole, is stored and let go;
// the others are not read, and TCP slows them. Pure.
#pragma once

#include "core/environment.hpp"
#include "net/link.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

namespace logpipe::net {

/// Of all clients of a listener. One thread.
class memory_turn final {
  public:
    /// Who must wait asks again after so long.
    static constexpr std::chrono::milliseconds pause{20};

    explicit memory_turn(environment world) : world_{std::move(world)} {}

    /// Before more of a client's message, which has begun, is read. @return whether it may be
    [[nodiscard]] bool may_read(std::shared_ptr<link> const& client);
    /// It was read.
    void received(link const& client, std::size_t bytes) noexcept;
    /// Its message is whole, or it is gone.
    void leave(link const& client) noexcept {
        if (holder_.get() == &client) holder_.reset();
    }
    [[nodiscard]] memory_budget& budget() const noexcept { return *world_.memory; }

  private:
    void count();

    environment const world_;
    std::shared_ptr<link> holder_;
    bool is_read_ = false;                         // the holder; else it is we who do not
    bool is_contended_ = false;                    // others wait for it
    std::chrono::steady_clock::time_point since_;  // its bytes are counted
    std::size_t bytes_ = 0;
};

}  // namespace logpipe::net
