#include "heartbeat_table.hpp"

#include "support/catch.hpp"

using namespace logpipe;
using namespace logpipe::forward;
using namespace std::chrono_literals;
using boost::asio::ip::udp;

namespace {

udp::endpoint peer(std::uint16_t port, std::uint32_t host = 1) {
    return {boost::asio::ip::address_v4{host}, port};
}

}  // namespace

TEST_CASE("a peer gets a response once a second, and another one for itself", "[heartbeats]") {
    heartbeat_table table;
    auto const now = heartbeat_table::time_point{} + 1h;
    CHECK(table.admit(peer(1), now));
    CHECK_FALSE(table.admit(peer(1), now));
    CHECK_FALSE(table.admit(peer(1), now + 999ms));
    CHECK(table.admit(peer(2), now + 999ms));
    CHECK(table.admit(peer(1, 2), now + 999ms));
    CHECK(table.admit(peer(1), now + 1s));
    CHECK_FALSE(table.admit(peer(1), now + 1999ms));
}

TEST_CASE("responses in a second are limited, however many peers send", "[heartbeats]") {
    heartbeat_table table;
    auto const now = heartbeat_table::time_point{} + 1h;
    std::size_t responded = 0;
    for (std::uint32_t host = 1; host <= 20; ++host)
        for (std::uint16_t port = 1; port <= 1000; ++port)
            if (table.admit(peer(port, host), now)) ++responded;
    CHECK(responded == heartbeat_table::peers_max);
    CHECK_FALSE(table.admit(peer(2000), now + 900ms));
    CHECK(table.admit(peer(2000), now + 1s));
}

TEST_CASE("peers that send once a second always get a response", "[heartbeats]") {
    heartbeat_table table;
    auto now = heartbeat_table::time_point{} + 1h;
    for (int second = 0; second < 100; ++second, now += 1s)
        for (std::uint16_t port = 1; port <= heartbeat_table::peers_max; ++port)
            REQUIRE(table.admit(peer(port), now + std::chrono::milliseconds{port}));
}
