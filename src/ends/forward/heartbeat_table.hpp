// Which UDP heartbeats get a response. A datagram's sender can be forged: two listeners that respond to each other's
// responses would never end, and each response may go to a host that never sent a heartbeat.
#pragma once

#include <boost/asio/ip/udp.hpp>

#include <array>
#include <chrono>

namespace logpipe::forward {

/// One response a second a peer, and so as many a second in all as the table has rows.
class heartbeat_table final {
  public:
    using time_point = std::chrono::steady_clock::time_point;
    static constexpr std::size_t peers_max = 256;
    static constexpr std::chrono::seconds pause{1};

    /// @return whether `peer` gets a response; it counts as sent then.
    [[nodiscard]] bool admit(boost::asio::ip::udp::endpoint const& peer, time_point now) noexcept;

  private:
    struct row {
        boost::asio::ip::udp::endpoint peer;
        time_point free_from{};  // its next response, or another peer's
    };
    std::array<row, peers_max> rows_;
};

}  // namespace logpipe::forward
