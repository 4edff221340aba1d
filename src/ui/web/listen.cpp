#include "listen.hpp"

#include "net/address.hpp"

#include <fmt/format.h>
#include <boost/asio/ip/v6_only.hpp>

namespace logpipe::web {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

error_code try_listen(tcp::acceptor& acceptor, tcp::endpoint const& endpoint) {
    error_code failed;
    acceptor.open(endpoint.protocol(), failed);
    // Linux lets this through while nobody listens there; else a restart would have to wait for old connections.
    if (!failed) acceptor.set_option(tcp::acceptor::reuse_address{true}, failed);
    if (!failed && endpoint.address().is_v6() && endpoint.address().is_unspecified())
        acceptor.set_option(asio::ip::v6_only{false}, failed);
    if (!failed) acceptor.bind(endpoint, failed);
    if (!failed) acceptor.listen(tcp::acceptor::max_listen_connections, failed);
    return failed;
}

/// All addresses, of both families where the machine has both.
error_code listen_everywhere(tcp::acceptor& acceptor, std::uint16_t port) {
    auto const failed = try_listen(acceptor, {asio::ip::address_v6::any(), port});
    if (failed != asio::error::address_family_not_supported) return failed;
    return try_listen(acceptor, {asio::ip::address_v4::any(), port});
}

error_code listen_on_host(asio::io_context& context, tcp::acceptor& acceptor, net::host_port const& where) {
    error_code failed;
    auto const found = tcp::resolver{context}.resolve(where.host, fmt::format("{}", where.port),
                                                      tcp::resolver::passive | tcp::resolver::numeric_service, failed);
    return failed ? failed : try_listen(acceptor, found.begin()->endpoint());
}

}  // namespace

result<tcp::acceptor> listen_on(asio::io_context& context, std::string const& address) {
    auto const where = net::parse_host_port(address);
    if (!where) return in_context("cannot listen", where.error());
    tcp::acceptor acceptor{context};
    auto const failed =
        where->host.empty() ? listen_everywhere(acceptor, where->port) : listen_on_host(context, acceptor, *where);
    if (!failed) return acceptor;
    auto const code = failed == asio::error::address_in_use ? errc::busy : errc::invalid_argument;
    return error{code, fmt::format("cannot listen on {}: {}", address, failed.message())};
}

}  // namespace logpipe::web
