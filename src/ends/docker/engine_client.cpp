#include "engine_client.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include <sys/un.h>
#include <array>
#include <limits>

namespace logpipe::docker {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

namespace {

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t answer_bytes_max = std::size_t{32} << 20U;

error trouble(engine_address const& at, std::string_view what, error_code why) {
    if (why == asio::error::access_denied || why == asio::error::no_permission)
        return {
            errc::unauthorized,
            fmt::format("may not open {}: run with the socket's group (compose: group_add), or as root", at.socket)};
    if (why == beast::error::timeout)
        return {errc::timed_out,
                fmt::format("the engine at {} did not answer within {} ms", at.socket, at.request_timeout.count())};
    bool const no_http = why.category() == http::make_error_code(http::error::bad_value).category() &&
                         why != http::error::end_of_stream && why != http::error::partial_message;
    return {no_http ? errc::protocol : errc::not_connected,
            fmt::format("cannot {} the engine at {}: {}", what, at.socket, why.message())};
}

}  // namespace

asio::awaitable<result<unsigned>> engine_request::get(engine_address to, std::string target) {
    to_ = to;
    if (to.socket.size() >= sizeof(sockaddr_un::sun_path))
        co_return error{errc::invalid_argument, fmt::format("{} is too long for a socket's path", to.socket)};
    stream_.expires_after(to.request_timeout);
    auto [refused] = co_await stream_.async_connect(asio::local::stream_protocol::endpoint{to.socket}, nothrow);
    if (refused) co_return trouble(to, "reach", refused);
    http::request<http::empty_body> request{http::verb::get, target, 11};
    request.set(http::field::host, "docker");
    request.set(http::field::user_agent, "logpipe");
    auto [unwritten, written_bytes] = co_await http::async_write(stream_, request, nothrow);
    if (unwritten) co_return trouble(to, "ask", unwritten);
    parser_.body_limit(std::numeric_limits<std::uint64_t>::max());
    auto [unread, read_bytes] = co_await http::async_read_header(stream_, buffer_, parser_, nothrow);
    if (unread) co_return trouble(to, "understand", unread);
    stream_.expires_never();
    co_return parser_.get().result_int();
}

asio::awaitable<result<std::size_t>> engine_request::read(std::span<char> into,
                                                          std::optional<std::chrono::milliseconds> patience) {
    if (patience) stream_.expires_after(*patience);
    while (!parser_.is_done()) {
        auto& body = parser_.get().body();
        body.data = into.data();
        body.size = into.size();
        auto [failed, bytes] = co_await http::async_read_some(stream_, buffer_, parser_, nothrow);
        // The buffer is full: that is what we want of it.
        if (failed && failed != http::error::need_buffer) co_return trouble(to_, "read on from", failed);
        if (auto const got = into.size() - body.size; got > 0) co_return got;
    }
    co_return std::size_t{0};
}

asio::awaitable<result<engine_answer>> ask_engine(engine_address to, std::string target) {
    engine_request request{co_await asio::this_coro::executor};
    auto const patience = to.request_timeout;
    auto const status = co_await request.get(std::move(to), std::move(target));
    if (!status) co_return status.error();
    engine_answer answer{.status = *status, .body = {}};
    std::array<char, 16384> piece;
    while (true) {
        auto const got = co_await request.read(piece, patience);
        if (!got) co_return got.error();
        if (*got == 0) co_return answer;
        answer.body.append(piece.data(), *got);
        if (answer.body.size() > answer_bytes_max) co_return error{errc::too_large, "the engine's answer is too long"};
    }
}

}  // namespace logpipe::docker
