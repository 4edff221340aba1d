#include "net/rest_connection.hpp"

#include "codec/base64.hpp"
#include "net/tls.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include <array>
#include <utility>

namespace logpipe::net {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);
/// An answer is read in pieces of this; Beast would begin with 512 bytes.
constexpr std::size_t read_bytes = std::size_t{64} << 10U;

error trouble(rest_target const& target, std::string_view doing, error_code failed) {
    auto const where = to_text(target.address);
    if (failed == beast::error::timeout)
        return {errc::timed_out, fmt::format("{}: no answer in time to {}", where, doing)};
    if (failed == http::error::body_limit)
        return {errc::too_large,
                fmt::format("{}: the answer has more than {} bytes", where, rest_connection::answer_bytes_max)};
    if (failed == http::error::end_of_stream || failed == asio::error::eof)
        return {errc::not_connected, fmt::format("{}: the server closed the connection", where)};
    bool const http_broken = failed.category() == http::make_error_code(http::error::bad_value).category() &&
                             failed != http::error::partial_message;
    if (http_broken) return {errc::protocol, fmt::format("{}: the answer is no HTTP: {}", where, failed.message())};
    if (failed.category() == asio::error::get_ssl_category())
        return {errc::unauthorized, fmt::format("{}: TLS: {}", where, failed.message())};
    return {errc::not_connected, fmt::format("{}: cannot {}: {}", where, doing, failed.message())};
}

std::string head_of(rest_question const& question, rest_target const& target) {
    auto head = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: logpipe\r\nAccept: application/json\r\n{}",
                            question.method, question.path, to_text(target.address), target.fields);
    if (!question.body.empty() || question.method != "GET")
        fmt::format_to(std::back_inserter(head), "Content-Type: {}\r\nContent-Length: {}\r\n", question.content_type,
                       question.body.size());
    if (question.compressed) head += "Content-Encoding: gzip\r\n";
    return head + "\r\n";
}

}  // namespace

result<rest_target> make_rest_target(rest_server const& server) {
    auto const address = parse_host_port(server.address, server.port_default);
    if (!address) return address.error();
    rest_target target;
    target.address = *address;
    if (target.address.host.empty()) target.address.host = "127.0.0.1";
    target.connect_timeout = server.connect_timeout;
    target.request_timeout = server.request_timeout;
    if (server.tls) {
        auto made = make_tls_client({.ca_file = server.ca_file,
                                     .certificate_file = {},
                                     .key_file = {},
                                     .insecure_skip_verify = server.insecure_skip_verify});
        if (!made) return made.error();
        target.tls.emplace(*std::move(made));
    }
    return target;
}

result<> add_field(rest_target& to, std::string_view name, std::string_view value) {
    if (value.find_first_of(std::string_view{"\r\n\0", 3}) != std::string_view::npos)
        return error{errc::invalid_argument, fmt::format("the value of {} has a line break", name)};
    fmt::format_to(std::back_inserter(to.fields), "{}: {}\r\n", name, value);
    return {};
}

result<> add_login(rest_target& to, std::string_view username, std::string_view password) {
    if (username.empty() != password.empty())
        return error{errc::invalid_argument, "a user name and a password belong together"};
    if (username.empty()) return {};
    if (username.contains(':')) return error{errc::invalid_argument, "a user name cannot have a colon"};
    auto const secret = fmt::format("{}:{}", username, password);
    std::string encoded(codec::base64_bytes(secret.size()), '\0');
    codec::write_base64(encoded.data(), secret);
    return add_field(to, "Authorization", "Basic " + encoded);
}

/// A connection as long as it lasts.
class rest_connection::link final {
  public:
    link(asio::io_context& io, rest_target& target) : target_{target}, resolver_{io}, stream_{io} {
        if (target.tls) tls_.emplace(stream_, *target.tls);
        unread_.reserve(read_bytes);
    }

    [[nodiscard]] asio::awaitable<result<>> connect() {
        // The look-up is the system's, and has its own limits; the rest has one together.
        auto [unknown, found] = co_await resolver_.async_resolve(
            target_.address.host, std::to_string(target_.address.port), tcp::resolver::numeric_service, nothrow);
        if (unknown) co_return trouble(target_, "find it", unknown);
        if (closed_) co_return error{errc::not_connected, "closed"};
        stream_.expires_after(target_.connect_timeout);
        auto [refused, where] = co_await stream_.async_connect(found, nothrow);
        if (refused) co_return trouble(target_, "connect", refused);
        error_code ignored;  // both only help; a socket that was reset meanwhile tells so when it is used
        stream_.socket().set_option(asio::socket_base::keep_alive{true}, ignored);
        stream_.socket().set_option(tcp::no_delay{true}, ignored);
        if (tls_) {
            if (auto named = set_peer_name(tls_->native_handle(), target_.address.host); !named)
                co_return named.error();
            auto [untrusted] = co_await tls_->async_handshake(asio::ssl::stream_base::client, nothrow);
            if (untrusted.category() == asio::error::get_ssl_category())
                co_return error{errc::unauthorized, fmt::format("{}: TLS: {}", to_text(target_.address),
                                                                handshake_failure(tls_->native_handle(), untrusted))};
            if (untrusted) co_return trouble(target_, "speak TLS", untrusted);
        }
        co_return result<>{};
    }

    /// Sends all of it and reads the answer. What was sent may have arrived, whatever comes back.
    [[nodiscard]] asio::awaitable<result<rest_answer>> exchange(std::string head, std::string_view body) {
        stream_.expires_after(target_.request_timeout);
        error_code cut;
        for (std::array<asio::const_buffer, 2> left{asio::buffer(head), asio::buffer(body.data(), body.size())};
             !cut && left[0].size() + left[1].size() > 0;) {
            std::size_t sent = 0;
            if (tls_)
                std::tie(cut, sent) = co_await tls_->async_write_some(left, nothrow);
            else
                std::tie(cut, sent) = co_await stream_.async_write_some(left, nothrow);
            auto const of_head = std::min(sent, left[0].size());
            left[0] += of_head;
            left[1] += sent - of_head;
        }
        // A server that refuses a large body answers and closes before it has read all of it.
        http::response_parser<http::string_body> parser;
        parser.body_limit(answer_bytes_max);
        error_code failed;
        if (cut != beast::error::timeout) {
            std::size_t got = 0;
            if (tls_)
                std::tie(failed, got) = co_await http::async_read(*tls_, unread_, parser, nothrow);
            else
                std::tie(failed, got) = co_await http::async_read(stream_, unread_, parser, nothrow);
        }
        if (cut && (failed || cut == beast::error::timeout)) co_return trouble(target_, "send a request", cut);
        if (failed) co_return trouble(target_, "read the answer", failed);
        stream_.expires_never();
        usable_ = !cut && parser.get().keep_alive();
        co_return rest_answer{.status = parser.get().result_int(), .body = std::move(parser.get().body())};
    }

    [[nodiscard]] bool usable() const noexcept { return usable_; }
    void close() {
        closed_ = true;
        resolver_.cancel();
        stream_.close();
    }

  private:
    rest_target& target_;
    tcp::resolver resolver_;
    beast::tcp_stream stream_;
    std::optional<asio::ssl::stream<beast::tcp_stream&>> tls_;
    beast::flat_buffer unread_;
    bool usable_ = false;
    bool closed_ = false;
};

rest_connection::rest_connection(asio::io_context& io, rest_target& target) : io_{io}, target_{target} {}
rest_connection::~rest_connection() {
    close();
}

asio::awaitable<result<>> rest_connection::connect() {
    auto const made = link_ = std::make_shared<link>(io_, target_);
    co_return co_await made->connect();
}

asio::awaitable<result<rest_answer>> rest_connection::ask(rest_question question) {
    bool reused = link_ != nullptr;
    while (true) {
        if (closed_) co_return error{errc::not_connected, "closed"};
        if (!link_) {
            if (auto connected = co_await connect(); !connected) {
                link_.reset();
                co_return connected.error();
            }
        }
        auto const with = link_;
        auto answer = co_await with->exchange(head_of(question, target_), question.body);
        if (!answer || !with->usable()) link_.reset();
        bool const was_stale = reused && !answer && answer.error().code == errc::not_connected;
        if (!was_stale) co_return answer;
        reused = false;
    }
}

void rest_connection::close() {
    closed_ = true;
    if (link_) link_->close();
}

}  // namespace logpipe::net
