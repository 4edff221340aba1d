#include "net/listen.hpp"

#include "net/address.hpp"

#include <fmt/format.h>
#include <boost/asio/ip/v6_only.hpp>

namespace logpipe::net {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;
using boost::system::error_code;

template <class Socket>
void try_bind(Socket& socket, typename Socket::endpoint_type const& endpoint, error_code& failed) {
    if (!failed && endpoint.address().is_v6() && endpoint.address().is_unspecified())
        socket.set_option(asio::ip::v6_only{false}, failed);
    if (!failed) socket.bind(endpoint, failed);
}

error_code try_listen(tcp::acceptor& acceptor, tcp::endpoint const& endpoint) {
    error_code failed;
    acceptor.open(endpoint.protocol(), failed);
    // Linux lets this through while nobody listens there; else a restart would have to wait for old connections.
    if (!failed) acceptor.set_option(tcp::acceptor::reuse_address{true}, failed);
    try_bind(acceptor, endpoint, failed);
    if (!failed) acceptor.listen(tcp::acceptor::max_listen_connections, failed);
    return failed;
}

error_code try_listen(udp::socket& socket, udp::endpoint const& endpoint) {
    error_code failed;
    socket.open(endpoint.protocol(), failed);
    try_bind(socket, endpoint, failed);
    return failed;
}

/// All addresses, of both families where the machine has both.
template <class Socket>
error_code listen_everywhere(Socket& socket, std::uint16_t port) {
    auto const failed = try_listen(socket, {asio::ip::address_v6::any(), port});
    if (failed != asio::error::address_family_not_supported) return failed;
    return try_listen(socket, {asio::ip::address_v4::any(), port});
}

template <class Socket>
error_code listen_on_host(asio::io_context& context, Socket& socket, host_port const& where) {
    using resolver = typename Socket::protocol_type::resolver;
    error_code failed;
    auto const found = resolver{context}.resolve(where.host, fmt::format("{}", where.port),
                                                 resolver::passive | resolver::numeric_service, failed);
    return failed ? failed : try_listen(socket, found.begin()->endpoint());
}

template <class Socket>
result<Socket> listening(asio::io_context& context, std::string const& address) {
    auto const where = parse_host_port(address);
    if (!where) return in_context("cannot listen", where.error());
    Socket socket{context};
    auto const failed =
        where->host.empty() ? listen_everywhere(socket, where->port) : listen_on_host(context, socket, *where);
    if (!failed) return socket;
    auto const code = failed == asio::error::address_in_use ? errc::busy : errc::invalid_argument;
    return error{code, fmt::format("cannot listen on {}: {}", address, failed.message())};
}

}  // namespace

result<tcp::acceptor> listen_on(asio::io_context& context, std::string const& address) {
    return listening<tcp::acceptor>(context, address);
}

result<udp::socket> receive_on(asio::io_context& context, std::string const& address) {
    return listening<udp::socket>(context, address);
}

}  // namespace logpipe::net
