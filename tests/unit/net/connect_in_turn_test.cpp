// A name with several addresses.
#include "net/tls_stream.hpp"

#include "support/catch.hpp"
#include "support/raw_client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <vector>

using namespace logpipe;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

struct socket_owner {
    [[nodiscard]] bool closed() const noexcept { return is_closed; }
    bool is_closed = false;
};

struct attempt {
    boost::system::error_code failed;
    std::uint16_t port = 0;  // of the peer
};

attempt connect_to(std::vector<tcp::endpoint> const& addresses, std::chrono::steady_clock::time_point until,
                   socket_owner const& owner = {}) {
    asio::io_context io;
    tcp::socket socket{io};
    auto const found = tcp::resolver::results_type::create(addresses.begin(), addresses.end(), "name", "1");
    auto outcome = asio::co_spawn(io, net::connect_in_turn(owner, socket, found, until), asio::use_future);
    io.run();
    boost::system::error_code gone;
    return {.failed = outcome.get(), .port = socket.remote_endpoint(gone).port()};
}

tcp::endpoint at(std::string const& address, std::uint16_t port) {
    return {asio::ip::make_address(address), port};
}

std::uint16_t closed_port() {
    return test::raw_server{}.port();
}

}  // namespace

TEST_CASE("all addresses of a name are tried, the first that takes the connection is used", "[net]") {
    test::raw_server const server;
    test::raw_server const other;
    auto const never = std::chrono::steady_clock::time_point::max();
    auto const made = connect_to({at("127.0.0.1", closed_port()), at("::1", closed_port()),
                                  at("127.0.0.1", server.port()), at("127.0.0.1", other.port())},
                                 never);
    CHECK_FALSE(made.failed);
    CHECK(made.port == server.port());
    CHECK(connect_to({at("127.0.0.1", closed_port()), at("127.0.0.1", closed_port())}, never).failed ==
          asio::error::connection_refused);
}

TEST_CASE("an address that does not respond leaves time to the next one", "[net]") {
    test::raw_server const server;
    // Of a network for documents alone (RFC 5737): silence, or refused by what is on the way.
    auto const made =
        connect_to({at("192.0.2.1", 9), at("127.0.0.1", server.port())}, std::chrono::steady_clock::now() + 2s);
    CHECK_FALSE(made.failed);
    CHECK(made.port == server.port());
}

TEST_CASE("what was closed meanwhile tries no further address", "[net]") {
    test::raw_server const server;
    CHECK(connect_to({at("127.0.0.1", closed_port()), at("127.0.0.1", server.port())},
                     std::chrono::steady_clock::time_point::max(), {.is_closed = true})
              .failed);
}
