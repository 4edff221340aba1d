#include "answers.hpp"
#include "net/address.hpp"
#include "net/tls.hpp"
#include "status/process.hpp"
#include "web/web.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <optional>

namespace logpipe::web {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);
constexpr std::uint64_t page_bytes_max = 4U << 20U;

struct page_address {
    bool tls = false;
    net::host_port where;
    std::string path;
    std::string token;
};

result<page_address> parse_page_address(std::string_view url) {
    page_address parsed;
    auto rest = url;
    if (rest.starts_with("https://")) {
        parsed.tls = true;
        rest.remove_prefix(8);
    } else if (rest.starts_with("http://")) {
        rest.remove_prefix(7);
    } else {
        return error{errc::invalid_argument, fmt::format("{}: write it as http://HOST:PORT or https://HOST:PORT", url)};
    }
    auto const slash = rest.find('/');
    auto where = net::parse_host_port(rest.substr(0, slash), parsed.tls ? 443 : 80);
    if (!where) return in_context(url, where.error());
    parsed.where = *std::move(where);
    parsed.path = slash == std::string_view::npos ? "/" : rest.substr(slash);
    return parsed;
}

/// What the coroutine leaves for the caller. `answered` is false when the time was up first.
struct fetch_outcome {
    bool answered = false;
    error_code failed;
    bool connected = false;
    fetched_page page;
};

/// One request, one answer. All references outlive the io_context.
template <class Stream>
asio::awaitable<error_code> talk(Stream& stream, page_address const& from, fetched_page& page) {
    http::request<http::empty_body> request{http::verb::get, from.path, 11};
    request.set(http::field::host, host_field(from.where));
    request.set(http::field::accept, "application/json, text/plain");
    if (!from.token.empty()) request.set(http::field::authorization, "Bearer " + from.token);
    request.keep_alive(false);
    auto [not_written, written_bytes] = co_await http::async_write(stream, request, nothrow);
    if (not_written) co_return not_written;

    beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(page_bytes_max);
    auto [not_read, read_bytes] = co_await http::async_read(stream, buffer, parser, nothrow);
    if (not_read) co_return not_read;
    page.status = parser.get().result_int();
    page.body = std::move(parser.get().body());
    co_return error_code{};
}

asio::awaitable<error_code> get_page(page_address const& from, asio::ssl::context* tls, fetch_outcome& outcome) {
    tcp::resolver resolver{co_await asio::this_coro::executor};
    // No host means this machine. Numeric names are not looked up.
    auto [not_found, endpoints] = co_await resolver.async_resolve(from.where.host, fmt::format("{}", from.where.port),
                                                                  tcp::resolver::numeric_service, nothrow);
    if (not_found) co_return not_found;
    beast::tcp_stream stream{co_await asio::this_coro::executor};
    auto [unreachable, endpoint] = co_await stream.async_connect(endpoints, nothrow);
    if (unreachable) co_return unreachable;
    outcome.connected = true;
    if (tls == nullptr) co_return co_await talk(stream, from, outcome.page);
    asio::ssl::stream<beast::tcp_stream&> secure{stream, *tls};
    if (auto named = net::set_peer_name(secure.native_handle(), from.where.host); !named)
        co_return error_code{asio::error::invalid_argument};
    auto [no_handshake] = co_await secure.async_handshake(asio::ssl::stream_base::client, nothrow);
    if (no_handshake) co_return no_handshake;
    co_return co_await talk(secure, from, outcome.page);
}

asio::awaitable<void> fetch(page_address const& from, asio::ssl::context* tls, fetch_outcome& outcome) {
    outcome.failed = co_await get_page(from, tls, outcome);
    outcome.answered = true;
}

/// A peer whose bytes are no HTTP, or too many, breaks the protocol; whatever else fails is the connection.
errc code_of(error_code failed) noexcept {
    bool const http_broken = failed.category() == http::make_error_code(http::error::bad_value).category() &&
                             failed != http::error::end_of_stream && failed != http::error::partial_message;
    return http_broken ? errc::protocol : errc::not_connected;
}

}  // namespace

result<fetched_page> fetch_page(page_request const& request) {
    auto from = parse_page_address(request.url);
    if (!from) return from.error();
    from->token = request.token;
    std::optional<asio::ssl::context> tls;
    if (from->tls) {
        auto made =
            net::make_tls_client({.ca_file = request.ca_file, .insecure_skip_verify = request.insecure_skip_verify});
        if (!made) return made.error();
        tls = *std::move(made);
    }
    fetch_outcome outcome;
    asio::io_context context{1};
    asio::co_spawn(context, fetch(*from, tls ? &*tls : nullptr, outcome), asio::detached);
    context.run_for(request.timeout);

    if (!outcome.answered)
        return error{errc::timed_out,
                     fmt::format("{}: {} within {} ms", request.url, outcome.connected ? "no answer" : "no connection",
                                 request.timeout.count())};
    if (outcome.failed)
        return error{code_of(outcome.failed), fmt::format("{}: {}", request.url, outcome.failed.message())};
    return std::move(outcome.page);
}

result<process_snapshot> fetch_status(std::string const& address, std::chrono::milliseconds timeout,
                                      peer_access const& access) {
    auto const peer = net::parse_peer_address(address);
    if (!peer) return peer.error();
    auto const page = fetch_page({.url = net::to_url(*peer) + "/api/status",
                                  .timeout = timeout,
                                  .ca_file = access.ca_file,
                                  .insecure_skip_verify = access.insecure_skip_verify,
                                  .token = access.token});
    if (!page) return page.error();
    if (page->status == 401)
        return error{errc::unauthorized, fmt::format("{}: {}", address, wants_token(access.token.empty()))};
    if (page->status != 200)
        return error{errc::protocol,
                     fmt::format("{}: /api/status answers with {}, so this is no logpipe", address, page->status)};
    auto process = status::parse_process_snapshot(page->body);
    if (!process) return in_context(address, process.error());
    return process;
}

}  // namespace logpipe::web
