#include "loki_client.hpp"

#include "base/address.hpp"
#include "base/base64.hpp"
#include "base/tls.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <mutex>
#include <optional>
#include <tuple>
#include <utility>

namespace logpipe {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t reply_bytes_max = std::size_t{1} << 20U;
using push_message = http::request<http::span_body<char const>>;

struct connection {
    explicit connection(asio::io_context& io) : stream{io} {}
    beast::tcp_stream stream;
    std::optional<asio::ssl::stream<beast::tcp_stream&>> tls;
    beast::flat_buffer unread;
};

error trouble(host_port const& at, std::string_view doing, error_code why) {
    auto const where = to_text(at);
    if (why == beast::error::timeout) return {errc::timed_out, fmt::format("{}: too slow to {}", where, doing)};
    if (why.category() == asio::error::get_ssl_category())
        return {errc::unauthorized, fmt::format("{}: TLS: {}", where, why.message())};
    bool const no_http = why.category() == http::make_error_code(http::error::bad_value).category() &&
                         why != http::error::end_of_stream && why != http::error::partial_message;
    if (no_http) return {errc::protocol, fmt::format("{}: the answer is no HTTP: {}", where, why.message())};
    return {errc::not_connected, fmt::format("{}: cannot {}: {}", where, doing, why.message())};
}

/// What goes into the head of a request must not end it.
bool fits_in_head(std::string_view text) noexcept {
    return text.find_first_of(std::string_view{"\r\n\0", 3}) == std::string_view::npos;
}

}  // namespace

class loki_client::engine final {
  public:
    explicit engine(loki_sink_options const& options) : options_{options} {}

    result<> set_up() {
        auto const address = parse_host_port(options_.address, 3100);
        if (!address) return in_context("loki", address.error());
        address_ = *address;
        if (address_.host.empty()) address_.host = "127.0.0.1";
        if (!fits_in_head(options_.tenant))
            return error{errc::invalid_argument, "loki: the tenant's name has a line break"};
        if (options_.username.empty() != options_.password.empty())
            return error{errc::invalid_argument, "loki: a user name and a password belong together"};
        if (options_.username.contains(':'))
            return error{errc::invalid_argument, "loki: a user name cannot have a colon"};
        if (!options_.tls) return {};
        auto made = make_tls_client({.ca_file = options_.ca_file,
                                     .certificate_file = {},
                                     .key_file = {},
                                     .insecure_skip_verify = options_.insecure_skip_verify});
        if (!made) return in_context("loki", made.error());
        tls_.emplace(*std::move(made));
        return {};
    }

    result<push_reply> push(std::string const& body) {
        std::optional<result<push_reply>> outcome;
        {
            std::lock_guard lock{mutex_};
            if (cancelled_) return error{errc::cancelled, "cancelled"};
            io_.restart();
        }
        asio::co_spawn(io_, work(body, outcome), asio::detached);
        io_.run();
        if (outcome) return *std::move(outcome);
        return error{errc::cancelled, "cancelled"};
    }

    void cancel() {
        std::lock_guard lock{mutex_};
        cancelled_ = true;
        io_.stop();
    }

  private:
    /// Its arguments outlive it: after cancel() it is never resumed again.
    asio::awaitable<void> work(std::string const& body, std::optional<result<push_reply>>& outcome) {
        bool const reused = link_.has_value();
        auto reply = co_await try_push(body);
        bool const was_stale = reused && !reply && reply.error().code == errc::not_connected;
        if (was_stale) reply = co_await try_push(body);
        outcome = std::move(reply);
    }

    asio::awaitable<result<push_reply>> try_push(std::string const& body) {
        if (!link_) {
            if (auto connected = co_await connect(); !connected) {
                link_.reset();
                co_return connected.error();
            }
        }
        auto reply = co_await exchange(body);
        if (!reply || !usable_) link_.reset();
        co_return reply;
    }

    asio::awaitable<result<>> connect() {
        link_.emplace(io_);
        // The look-up is the system's, and has its own limits; the rest has one together.
        tcp::resolver resolver{io_};
        auto [unknown, found] = co_await resolver.async_resolve(address_.host, std::to_string(address_.port),
                                                                tcp::resolver::numeric_service, nothrow);
        if (unknown) co_return trouble(address_, "find it", unknown);
        link_->stream.expires_after(options_.connect_timeout);
        auto [refused, where] = co_await link_->stream.async_connect(found, nothrow);
        if (refused) co_return trouble(address_, "connect", refused);
        error_code ignored;  // it only helps
        link_->stream.socket().set_option(tcp::no_delay{true}, ignored);
        if (!tls_) co_return result<>{};
        link_->tls.emplace(link_->stream, *tls_);
        if (auto named = set_peer_name(link_->tls->native_handle(), address_.host); !named) co_return named.error();
        auto [untrusted] = co_await link_->tls->async_handshake(asio::ssl::stream_base::client, nothrow);
        if (untrusted) co_return trouble(address_, "speak TLS", untrusted);
        co_return result<>{};
    }

    push_message message_of(std::string const& body) const {
        push_message request{http::verb::post, "/loki/api/v1/push", 11};
        request.set(http::field::host, to_text(address_));
        request.set(http::field::user_agent, "logpipe");
        request.set(http::field::content_type, "application/json");
        request.set(http::field::content_encoding, "gzip");
        if (!options_.tenant.empty()) request.set("X-Scope-OrgID", options_.tenant);
        if (!options_.username.empty()) {
            auto const secret = fmt::format("{}:{}", options_.username, options_.password);
            std::string encoded(base64_bytes(secret.size()), '\0');
            write_base64(encoded.data(), secret);
            request.set(http::field::authorization, "Basic " + encoded);
        }
        request.body() = {body.data(), body.size()};
        request.prepare_payload();
        return request;
    }

    asio::awaitable<result<push_reply>> exchange(std::string const& body) {
        auto const request = message_of(body);
        http::response_parser<http::string_body> parser;
        parser.body_limit(reply_bytes_max);
        link_->stream.expires_after(options_.request_timeout);
        error_code failed;
        std::size_t bytes = 0;
        if (link_->tls)
            std::tie(failed, bytes) = co_await http::async_write(*link_->tls, request, nothrow);
        else
            std::tie(failed, bytes) = co_await http::async_write(link_->stream, request, nothrow);
        if (failed) co_return trouble(address_, "send", failed);
        if (link_->tls)
            std::tie(failed, bytes) = co_await http::async_read(*link_->tls, link_->unread, parser, nothrow);
        else
            std::tie(failed, bytes) = co_await http::async_read(link_->stream, link_->unread, parser, nothrow);
        if (failed) co_return trouble(address_, "read the answer", failed);
        link_->stream.expires_never();
        usable_ = parser.get().keep_alive();
        co_return push_reply{.status = parser.get().result_int(), .body = std::move(parser.get().body())};
    }

    loki_sink_options const& options_;
    host_port address_;
    std::optional<asio::ssl::context> tls_;
    bool usable_ = false;
    std::mutex mutex_;  // guards cancelled_, and that io_ is not started again after it
    bool cancelled_ = false;
    asio::io_context io_{1};
    std::optional<connection> link_;
};

loki_client::loki_client(loki_sink_options const& options) : engine_{std::make_unique<engine>(options)} {}
loki_client::~loki_client() = default;

result<> loki_client::set_up() {
    return engine_->set_up();
}
result<push_reply> loki_client::push(std::string const& body) {
    return engine_->push(body);
}
void loki_client::cancel() {
    engine_->cancel();
}

}  // namespace logpipe
