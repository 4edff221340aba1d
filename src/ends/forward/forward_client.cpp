#include "forward_client.hpp"

#include "core/environment.hpp"
#include "core/thread.hpp"
#include "forward_metrics.hpp"
#include "handshake.hpp"
#include "msgpack_reader.hpp"
#include "net/tls_stream.hpp"
#include "read_value.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <utility>

namespace logpipe::forward {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);
/// Acks and greetings are short.
constexpr std::size_t response_bytes_max = std::size_t{64} << 10U;

void rethrow(std::exception_ptr const& failure) {
    if (failure) std::rethrow_exception(failure);
}

result<std::vector<net::host_port>> addresses_of(std::string const& list) {
    auto addresses = net::parse_host_list(list, 24224);
    if (addresses && addresses->front().host.empty()) addresses->front().host = "127.0.0.1";
    return addresses;
}

std::vector<std::string> names_of(result<std::vector<net::host_port>> const& addresses) {
    if (!addresses) return {""};
    std::vector<std::string> names;
    for (auto const& each : *addresses) names.push_back(to_text(each));
    return names;
}

}  // namespace

forward_client::forward_client(forward_sink_options const& options, chunk_queue& chunks,
                               std::function<void(batch&&)> finished)
    : options_{options},
      chunks_{chunks},
      finished_{std::move(finished)},
      addresses_{addresses_of(options.connect)},
      // Clients with one list shall not all begin with the same server.
      hosts_{"forward_sink", names_of(addresses_), random_number()},
      hostname_{hostname_of(options.self_hostname)},
      keep_running_{io_.get_executor()},
      pause_{io_},
      retry_{backoff_options{}, random_number} {}

forward_client::~forward_client() {
    cancel();
}

result<> forward_client::prepare() {
    if (!addresses_) return addresses_.error();
    auto files = read_files(options_);
    if (!files) return files.error();
    use(*std::move(files));
    return {};
}

/// A connection that is open keeps what it began with.
result<> forward_client::reload() {
    auto files = read_files(options_);
    if (!files) return files.error();
    asio::post(io_, [this, files = *std::move(files)]() mutable { use(std::move(files)); });
    return {};
}

void forward_client::use(connection_files files) {
    tls_ = std::move(files.tls);
    if (files.shared_key) options_.shared_key = *std::move(files.shared_key);
    if (files.password) options_.password = *std::move(files.password);
}

result<> forward_client::connect() {
    return health_.wait_for_try([this] { return begin(); });
}

result<> forward_client::begin() {
    if (thread_.joinable()) {
        asio::post(io_, [this] { pause_.cancel(); });
        return {};
    }
    if (auto prepared = prepare(); !prepared) return prepared.error();
    asio::co_spawn(io_, run(), rethrow);
    thread_ = start_thread("fwd-out", [this] { io_.run(); });
    if (options_.tls || !options_.shared_key_file.empty() || !options_.password_file.empty())
        reload_ = reload_entry{"forward_sink", [this] { return reload(); }};
    return {};
}

void forward_client::send() {
    asio::post(io_, [this] { send_waiting(); });
}

void forward_client::cancel() {
    if (!health_.cancel()) return;
    asio::post(io_, [this] {
        if (link_) link_->close("cancelled");
        pause_.cancel();
        keep_running_.reset();
    });
}

asio::awaitable<void> forward_client::run() {
    while (!health_.cancelled()) {
        ++tries_;
        host_ = hosts_.next(std::chrono::steady_clock::now());
        msgpack_stream stream{response_bytes_max};
        auto const link = link_ = std::make_shared<net::connection>(tcp::socket{io_});
        auto joined = co_await join(link, stream);
        bool next_at_once = false;
        if (joined) {
            connected(link);
            auto reason = co_await take_acks(link, stream);
            next_at_once = disconnected(std::move(reason));
        } else {
            next_at_once = disconnected(joined.error());
        }
        if (health_.cancelled()) break;
        if (next_at_once) continue;
        pause_.expires_at(retry_.failed(std::chrono::steady_clock::now()));
        co_await pause_.async_wait(nothrow);
    }
}

/// Resolve, connect, TLS, shared key: all of it within the connect timeout.
asio::awaitable<result<>> forward_client::join(std::shared_ptr<net::connection> link, msgpack_stream& stream) {
    auto const until = std::chrono::steady_clock::now() + options_.connect_timeout;
    link->close_after(options_.connect_timeout, "connect timeout");
    tcp::resolver resolver{io_};
    auto [not_found, found] = co_await resolver.async_resolve(address().host, std::to_string(address().port), nothrow);
    if (not_found) co_return net::failure_of(*link, not_found);
    if (link->closed()) co_return net::failure_of(*link, {});
    auto const failed = co_await net::connect_in_turn(*link, link->socket(), found, until);
    if (failed) co_return net::failure_of(*link, failed);
    link->set_socket_options();
    if (tls_) {
        if (auto secured = co_await link->connect_tls(*tls_, address().host); !secured) co_return secured.error();
    }
    if (greets()) {
        if (auto greeted = co_await greet(link, stream); !greeted) co_return greeted.error();
    }
    link->clear_deadline();
    co_return result<>{};
}

asio::awaitable<result<>> forward_client::greet(std::shared_ptr<net::connection> link, msgpack_stream& stream) {
    auto const helo = co_await read_value(link, stream);
    if (!helo) co_return helo.error();
    auto const greeting = read_helo(*helo);
    if (!greeting) co_return greeting.error();
    auto const salt = random_hex(16);
    auto const key = options_.shared_key;  // a reload may give another one meanwhile
    handshake_secret const secret{.shared_key = key, .nonce = greeting->nonce, .salt = salt};
    user_proof const user{
        .auth_salt = greeting->auth_salt, .username = options_.username, .password = options_.password};
    if (!greeting->auth_salt.empty()) warn_of_open_password(*link);
    link->send(std::make_shared<std::string>(make_ping(hostname_, secret, user)));
    auto const pong = co_await read_value(link, stream);
    if (!pong) co_return pong.error();
    auto joined = check_pong(*pong, secret);
    if (!joined && joined.error().code == errc::unauthorized && !greeting->auth_salt.empty() &&
        options_.username.empty()) {
        auto reason = joined.error();
        reason.message += "; it may require a user name and a password (--send-user, --send-password-file)";
        co_return reason;
    }
    co_return joined;
}

/// Once: every connection would say the same.
void forward_client::warn_of_open_password(net::connection& link) {
    boost::system::error_code gone;
    auto const remote = link.socket().remote_endpoint(gone);
    if (options_.username.empty() || tls_ || gone || remote.address().is_loopback()) return;
    if (std::exchange(warned_, true)) return;
    log_warn(
        "forward_sink: the user \"{}\" logs in at {} without TLS: the password can be guessed from what goes over "
        "the network, and events be read; use forwards://",
        options_.username, to_text(address()));
}

asio::awaitable<error> forward_client::take_acks(std::shared_ptr<net::connection> link, msgpack_stream& stream) {
    while (true) {
        auto const value = co_await read_value(link, stream);
        if (!value) co_return value.error();
        if (auto taken = take_ack(*value); !taken) co_return taken.error();
        send_waiting();
    }
}

result<> forward_client::take_ack(std::string_view value) {
    msgpack_reader from{value};
    msgpack_token token;
    if (is_helo(value))
        return error{errc::unauthorized,
                     "the server requires a shared key or a user: give --send-key-file, or "
                     "--send-user and --send-password-file"};
    if (from.next(token) != msgpack_problem::none || token.type() == msgpack_type::nil) return {};
    if (token.type() != msgpack_type::map)
        return error{errc::protocol, "the server sends something other than acks: not the forward protocol?"};
    for (auto left = token.header.value; left > 0; --left) {
        msgpack_token name;
        msgpack_token chunk;
        if (from.next(name) != msgpack_problem::none) break;
        auto const begin = from.position();
        if (from.next(chunk) != msgpack_problem::none) break;
        if (name.payload == "ack" && chunk.is_text()) {
            retry_.worked();
            if (auto finished = chunks_.acked(chunk.payload)) finished_(*std::move(finished));
        }
        from.go_to(begin);
        if (from.skip() != msgpack_problem::none) break;
    }
    return {};
}

void forward_client::send_waiting() {
    if (!ready_) return;
    while (auto message = chunks_.next_to_send()) link_->send(std::move(message));
    watch_oldest();
}

void forward_client::watch_oldest() {
    auto const oldest = chunks_.oldest_sent();
    if (!oldest) return link_->clear_deadline();
    auto const waited = std::chrono::steady_clock::now() - *oldest;
    link_->close_after(options_.ack_timeout - waited, "ack timeout");
}

void forward_client::connected(std::shared_ptr<net::connection> link) {
    health_.up();
    hosts_.responded(host_, std::chrono::steady_clock::now());
    log_info("forward_sink: connected to {}", to_text(address()));
    ready_ = true;
    link_ = std::move(link);
    send_waiting();
}

/// @return whether another server is to be tried at once
bool forward_client::disconnected(error reason) {
    ready_ = false;
    link_->close(reason.message);
    chunks_.retry_all();
    reason.message = fmt::format("{}: {}", to_text(address()), reason.message);
    if (!health_.cancelled()) {
        ++failures_;
        bool const others_up = hosts_.failed(host_, reason.message, std::chrono::steady_clock::now());
        // Those that take us and break off must not be gone round without a pause.
        if (others_up && tries_ < hosts_.count()) return true;
        if (auto const count = trouble_.admit(); count != 0)
            log_warn("forward_sink: {}; it will be retried ({} times)", reason.message, count);
    }
    tries_ = 0;
    health_.down(std::move(reason));
    return false;
}

void forward_client::describe(stage_status& into) const {
    health_.describe(into);
    into.metrics.emplace_back(metrics::connection_failures, failures_);
    hosts_.describe(into);
}

}  // namespace logpipe::forward
