#include "answers.hpp"
#include "net/address.hpp"
#include "net/tls.hpp"
#include "web/web.hpp"
#include "web_stream.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
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

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds connect_time{5};
constexpr std::chrono::seconds silence_max{10};  // the other side says something each second
constexpr std::size_t line_bytes_max = std::size_t{16} << 20U;

/// One tap as it is followed; outlives the io_context.
struct following {
    net::peer_address peer;
    std::optional<asio::ssl::context> tls;
    tap_place place;
    std::function<bool(std::string_view)> each;
    std::optional<result<>> ended;
};

/// Hands over the whole lines of `text` and leaves the rest in it. @return false when no more are wanted.
bool take_lines(std::string& text, std::function<bool(std::string_view)> const& each) {
    std::size_t begin = 0;
    for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
        if (!each(std::string_view{text}.substr(begin, end - begin))) return false;
        begin = end + 1;
    }
    text.erase(0, begin);
    return true;
}

asio::awaitable<result<>> read_tap(following& what) {
    auto const lost = [&](errc code, std::string_view why) {
        return error{code, fmt::format("{}: {}", what.place.address, why)};
    };
    auto const executor = co_await asio::this_coro::executor;
    tcp::resolver resolver{executor};
    auto [not_found, endpoints] = co_await resolver.async_resolve(
        what.peer.where.host, fmt::format("{}", what.peer.where.port), tcp::resolver::numeric_service, nothrow);
    if (not_found) co_return lost(errc::not_connected, not_found.message());
    web_stream stream{executor};
    stream.expires_after(connect_time);
    auto [unreachable, endpoint] = co_await stream.tcp().async_connect(endpoints, nothrow);
    if (unreachable) co_return lost(errc::not_connected, unreachable.message());
    if (what.tls)
        if (auto untrusted = co_await stream.connect_tls(*what.tls, what.peer.where.host))
            co_return lost(errc::not_connected, untrusted.message());

    http::request<http::empty_body> request{http::verb::get, "/api/tap?" + what.place.query, 11};
    request.set(http::field::host, host_field(what.peer.where));
    if (!what.place.access.token.empty()) request.set(http::field::authorization, "Bearer " + what.place.access.token);
    auto [not_written, written_bytes] = co_await http::async_write(stream, request, nothrow);
    if (not_written) co_return lost(errc::not_connected, not_written.message());
    beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(boost::none);
    auto [no_header, header_bytes] = co_await http::async_read_header(stream, buffer, parser, nothrow);
    if (no_header) co_return lost(errc::not_connected, no_header.message());
    bool const accepted = parser.get().result() == http::status::ok;
    std::string text;
    while (!parser.is_done()) {
        stream.expires_after(silence_max);
        auto [failed, bytes] = co_await http::async_read_some(stream, buffer, parser, nothrow);
        text += std::exchange(parser.get().body(), {});
        if (accepted && !take_lines(text, what.each)) co_return result<>{};
        if (failed) co_return lost(errc::end_of_input, fmt::format("the process is gone: {}", failed.message()));
        if (text.size() > line_bytes_max) co_return lost(errc::protocol, "a line without end");
    }
    if (parser.get().result() == http::status::unauthorized)
        co_return lost(errc::unauthorized, wants_token(what.place.access.token.empty()));
    if (!accepted)
        co_return lost(parser.get().result() == http::status::not_found ? errc::not_found : errc::protocol, text);
    co_return lost(errc::end_of_input, "the process ended the tap");
}

asio::awaitable<void> follow(following& what) {
    what.ended = co_await read_tap(what);
}

}  // namespace

result<> follow_tap(tap_place const& place, std::function<bool(std::string_view)> each, std::function<bool()> over) {
    auto peer = net::parse_peer_address(place.address);
    if (!peer) return peer.error();
    following what{.peer = *std::move(peer), .tls = {}, .place = place, .each = std::move(each), .ended = {}};
    if (what.peer.tls) {
        auto made = net::make_tls_client(
            {.ca_file = place.access.ca_file, .insecure_skip_verify = place.access.insecure_skip_verify});
        if (!made) return made.error();
        what.tls = *std::move(made);
    }
    asio::io_context context{1};
    asio::co_spawn(context, follow(what), asio::detached);
    while (!what.ended && !over()) context.run_for(std::chrono::milliseconds{100});
    return what.ended ? *what.ended : result<>{};
}

}  // namespace logpipe::web
