// Which UDP heartbeats are answered. A datagram's sender can be made up: two listeners that answer each other's answers
// would never end, and each answer may go to somebody who never asked.
#pragma once

#include <boost/asio/ip/udp.hpp>

#include <array>
#include <chrono>

namespace logpipe::forward {

/// One answer a second a peer, and so as many a second in all as there are rows.
class heartbeat_table final {
  public:
    using time_point = std::chrono::steady_clock::time_point;
    static constexpr std::size_t peers_max = 256;
    static constexpr std::chrono::seconds pause{1};

    /// @return whether `peer` gets an answer; it then has had it.
    [[nodiscard]] bool admit(boost::asio::ip::udp::endpoint const& peer, time_point now) noexcept;

  private:
    struct row {
        boost::asio::ip::udp::endpoint peer;
        time_point free_from{};  // its next answer, or another peer's
    };
    std::array<row, peers_max> rows_;
};

}  // namespace logpipe::forward
