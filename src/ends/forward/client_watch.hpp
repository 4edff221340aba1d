// Closes clients that stall: those that send no complete message, and those that stop within one.
#pragma once

#include "peer_table.hpp"

#include "logpipe/stage.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstdint>

namespace logpipe::forward {

/// The network thread's, but for describe(), which any thread may call.
class client_watch final {
  public:
    /// @param peers  outlives the watch
    client_watch(boost::asio::io_context& io, peer_table const& peers, message_times const& times)
        : peers_{peers}, times_{times}, timer_{io} {}

    [[nodiscard]] bool is_needed() const noexcept {
        return times_.first_message.count() > 0 || times_.message.count() > 0;
    }
    /// Until stop().
    [[nodiscard]] boost::asio::awaitable<void> run();
    void stop();
    void describe(stage_status& into) const;

  private:
    void check(std::chrono::milliseconds passed);

    peer_table const& peers_;
    message_times const times_;
    boost::asio::steady_timer timer_;  // of the next check
    bool stopping_ = false;
    std::atomic<std::uint64_t> timed_out_{0};
};

}  // namespace logpipe::forward
