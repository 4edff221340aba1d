#include "base/address.hpp"
#include "logpipe/web.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

namespace logpipe {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);
constexpr std::uint64_t status_bytes_max = 4U << 20U;

/// What the coroutine leaves for the caller. `answered` is false when the time was up first.
struct fetch_outcome {
    bool answered = false;
    error_code failed;
    bool connected = false;
    unsigned status = 0;
    std::string body;
};

/// `where` and `outcome` outlive the io_context.
asio::awaitable<error_code> get_status(host_port const& where, fetch_outcome& outcome) {
    tcp::resolver resolver{co_await asio::this_coro::executor};
    // No host means this machine. Numeric names are not looked up.
    auto [not_found, endpoints] = co_await resolver.async_resolve(where.host, fmt::format("{}", where.port),
                                                                  tcp::resolver::numeric_service, nothrow);
    if (not_found) co_return not_found;
    beast::tcp_stream stream{co_await asio::this_coro::executor};
    auto [unreachable, endpoint] = co_await stream.async_connect(endpoints, nothrow);
    if (unreachable) co_return unreachable;
    outcome.connected = true;

    http::request<http::empty_body> request{http::verb::get, "/api/status", 11};
    request.set(http::field::host, to_text(where));
    request.keep_alive(false);
    auto [not_written, written_bytes] = co_await http::async_write(stream, request, nothrow);
    if (not_written) co_return not_written;

    beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(status_bytes_max);
    auto [not_read, read_bytes] = co_await http::async_read(stream, buffer, parser, nothrow);
    if (not_read) co_return not_read;
    outcome.status = parser.get().result_int();
    outcome.body = std::move(parser.get().body());
    co_return error_code{};
}

asio::awaitable<void> fetch(host_port const& where, fetch_outcome& outcome) {
    outcome.failed = co_await get_status(where, outcome);
    outcome.answered = true;
}

/// A peer whose bytes are no HTTP, or too many, breaks the protocol; whatever else fails is the connection.
errc code_of(error_code failed) noexcept {
    bool const http_broken = failed.category() == http::make_error_code(http::error::bad_value).category() &&
                             failed != http::error::end_of_stream && failed != http::error::partial_message;
    return http_broken ? errc::protocol : errc::not_connected;
}

}  // namespace

result<process_snapshot> fetch_status(std::string const& address, std::chrono::milliseconds timeout) {
    auto const where = parse_host_port(address);
    if (!where) return where.error();
    fetch_outcome outcome;
    asio::io_context context{1};
    asio::co_spawn(context, fetch(*where, outcome), asio::detached);
    context.run_for(timeout);

    if (!outcome.answered)
        return error{errc::timed_out, fmt::format("{}: {} within {} ms", address,
                                                  outcome.connected ? "no answer" : "no connection", timeout.count())};
    if (outcome.failed) return error{code_of(outcome.failed), fmt::format("{}: {}", address, outcome.failed.message())};
    if (outcome.status != 200)
        return error{errc::protocol,
                     fmt::format("{}: /api/status answers with {}, so this is no logpipe", address, outcome.status)};
    auto process = parse_process_snapshot(outcome.body);
    if (!process) return in_context(address, process.error());
    return process;
}

}  // namespace logpipe
