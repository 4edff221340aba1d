// Closes clients that stall: those that send no complete message, and those that stop within one. Pure: the caller says
// how much time has passed.
#pragma once

#include "peer_table.hpp"

#include "logpipe/stage.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>

namespace logpipe::forward {

/// The network thread's, but for describe(), which any thread may call.
class client_watch final {
  public:
    /// @param peers  outlives the watch
    client_watch(peer_table const& peers, message_times const& times) : peers_{peers}, times_{times} {}

    [[nodiscard]] bool is_needed() const noexcept {
        return times_.first_message.count() > 0 || times_.message.count() > 0;
    }
    /// Between checks: many are made in the shorter of the times, so that each is kept about as exactly as it was
    /// given.
    [[nodiscard]] std::chrono::milliseconds interval() const;
    /// So much time has passed since the check before.
    void check(std::chrono::milliseconds passed);
    void describe(stage_status& into) const;

  private:
    peer_table const& peers_;
    message_times const times_;
    std::atomic<std::uint64_t> timed_out_{0};
};

}  // namespace logpipe::forward
