// UDP heartbeats whose sender is not who it says.
#include "support/catch.hpp"
#include "support/forward_ends.hpp"
#include "support/looking.hpp"
#include "support/raw_client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

#include <array>

using namespace logpipe;
using namespace logpipe::forward;
using namespace logpipe::test;
namespace asio = boost::asio;
using asio::ip::udp;

namespace {

/// Stands between two listeners: to each it is the other one, as a datagram with the other's address would be.
class both_ways final {
  public:
    both_ways(std::uint16_t first, std::uint16_t second)
        : first_{asio::ip::address_v4::loopback(), first}, second_{asio::ip::address_v4::loopback(), second} {
        socket_.non_blocking(true);
    }
    void begin() { socket_.send_to(asio::buffer("\0", 1), first_); }
    /// Carries on what has come. @return how many datagrams, at most `most`
    int carry(int most, std::chrono::milliseconds quiet) {
        int count = 0;
        auto until = std::chrono::steady_clock::now() + quiet;
        while (count < most && std::chrono::steady_clock::now() < until) {
            std::array<char, 64> packet;
            udp::endpoint from;
            boost::system::error_code failed;
            auto const bytes = socket_.receive_from(asio::buffer(packet), from, 0, failed);
            if (failed) {
                std::this_thread::sleep_for(1ms);  // between two looks
                continue;
            }
            socket_.send_to(asio::buffer(packet, bytes), from == first_ ? second_ : first_);
            ++count;
            until = std::chrono::steady_clock::now() + quiet;
        }
        return count;
    }

  private:
    udp::endpoint first_, second_;
    asio::io_context context_;
    udp::socket socket_{context_, udp::endpoint{asio::ip::address_v4::loopback(), 0}};
};

}  // namespace

TEST_CASE("one datagram that seems to come from another listener's heartbeat port gets one response and that is all",
          "[heartbeats]") {
    auto const first = listening();
    auto const second = listening();
    both_ways between{first->port(), second->port()};
    between.begin();
    CHECK(between.carry(1000, 300ms) == 2);
    CHECK(gauge_of(first->status(), "heartbeat_responses_total") +
              gauge_of(second->status(), "heartbeat_responses_total") ==
          2);
    CHECK(gauge_of(first->status(), "heartbeats_dropped_total") == 1);
}

TEST_CASE("where heartbeats are off nothing listens for them", "[heartbeats]") {
    auto const source = listening({.heartbeat = false});
    asio::io_context context;
    udp::socket const same{context, udp::endpoint{asio::ip::address_v4::loopback(), source->port()}};
    CHECK(same.is_open());
    raw_client client{source->port()};
    client.send(single_message("t", 1));
    CHECK(read_events(*source, 1).size() == 1);
}
