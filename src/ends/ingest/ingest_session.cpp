#include "ingest_session.hpp"

#include "core/clock.hpp"
#include "core/json_writer.hpp"
#include "ingest_metrics.hpp"
#include "net/client_listener.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <new>
#include <span>
#include <utility>

namespace logpipe::ingest {

namespace asio = boost::asio;

namespace {

constexpr std::size_t piece_bytes = std::size_t{64} << 10U;
/// Of events that the pump has not taken, while a request has more.
constexpr std::size_t waiting_bytes_max = std::size_t{8} << 20U;
constexpr std::chrono::milliseconds room_pause{2};
/// For a client to read why it was refused, while it still sends: what closes at once takes the reply away (RFC 9112
/// section 9.6).
constexpr std::chrono::seconds linger_max{2};

}  // namespace

void session_counts::count(http_reply const& reply) {
    if (reply.status == 200)
        ++requests;
    else if (reply.status == 503)
        ++deferred;
    else
        ++rejected;
    if (reply.status == 401) ++unauthorized;
}

void session_counts::describe(stage_status& into) const {
    into.metrics.emplace_back(metrics::requests, requests);
    into.metrics.emplace_back(metrics::requests_rejected, rejected);
    into.metrics.emplace_back(metrics::requests_unauthorized, unauthorized);
    into.metrics.emplace_back(metrics::requests_deferred, deferred);
    into.metrics.emplace_back(metrics::connections_timed_out, timed_out);
    into.metrics.emplace_back(metrics::bytes_in, bytes_in);
}

ingest_session::ingest_session(std::shared_ptr<net::connection> link, std::string address,
                               session_context const& context)
    : link_{std::move(link)},
      address_{std::move(address)},
      shared_{context},
      reader_{context.options.body_bytes_max},
      space_(piece_bytes),
      memory_{process_memory(), "ingest bodies"} {}

ingest_session::~ingest_session() {
    hold(0);
}

/// Of the body that comes, in the sum of all of them.
void ingest_session::hold(std::size_t bytes) {
    shared_.counts.body_bytes += bytes;
    shared_.counts.body_bytes -= memory_.bytes();
    memory_.set(bytes);
}

asio::awaitable<void> ingest_session::run() {
    while (true) {
        auto const arrived = co_await receive();
        if (arrived == arrival::left) co_return;
        if (arrived == arrival::request) co_await ingest();
        hold(0);
        bool const goes_on = co_await answer();
        if (!goes_on) co_return;
        if (auto refused = reader_.next()) {
            reply_ = *std::move(refused);
            static_cast<void>(co_await answer());
            co_return;
        }
    }
}

/// One request, or the reply that ends it.
asio::awaitable<ingest_session::arrival> ingest_session::receive() {
    auto const& options = shared_.options;
    bool is_judged = false;
    bool has_begun = !reader_.is_empty();
    link_->close_after(has_begun ? options.request_timeout : options.idle_timeout, "timeout");
    while (true) {
        if (reader_.has_head() && !std::exchange(is_judged, true)) {
            if (!check_head()) co_return arrival::refused;
            if (reader_.facts().expects_continue && !reader_.is_whole())
                static_cast<void>(co_await link_->write("HTTP/1.1 100 Continue\r\n\r\n"));
        }
        if (reader_.is_whole()) break;
        auto const bytes_before = shared_.counts.bytes_in.load();
        bool const is_good = co_await read_more();
        if (!is_good) {
            if (link_->closed() && !reader_.is_empty()) ++shared_.counts.timed_out;
            co_return reply_.status != 200 ? arrival::refused : arrival::left;
        }
        if (!std::exchange(has_begun, true) && bytes_before != shared_.counts.bytes_in)
            link_->close_after(options.request_timeout, "timeout");
    }
    link_->clear_deadline();
    co_return arrival::request;
}

/// @return false where the client has left, or `reply_` says what is wrong
asio::awaitable<bool> ingest_session::read_more() {
    reply_ = {};
    if (shared_.stopping) link_->stop_reading_after(net::client_listener::quiet_max);
    auto const [failed, bytes] = co_await link_->read_some(std::span{space_});
    if (failed) co_return false;
    shared_.counts.bytes_in += bytes;
    hold(memory_.bytes() + bytes);
    if (auto refused = reader_.add({space_.data(), bytes})) {
        reply_ = *std::move(refused);
        co_return false;
    }
    co_return !is_over_bound();
}

/// Then `reply_` says so.
bool ingest_session::is_over_bound() {
    if (shared_.counts.body_bytes + shared_.inbox.bytes() > shared_.options.pending_bytes_max)
        reply_ = deferral("the backlog is full (--ingest-pending-bytes-max)");
    else if (process_memory().is_short())
        reply_ = deferral("memory is short (--memory-max)");
    else
        return false;
    return true;
}

bool ingest_session::check_head() {
    auto verdict = judge(reader_.facts(), {.token = shared_.token, .tag_default = shared_.options.lines.tag});
    if (auto* const refused = std::get_if<http_reply>(&verdict)) {
        reply_ = std::move(*refused);
        return false;
    }
    request_ = std::get<ingest_request>(std::move(verdict));
    return !is_over_bound();
}

asio::awaitable<void> ingest_session::ingest() {
    auto const& options = shared_.options;
    reply_ = {};
    events_ = 0;
    auto body = decompressed(reader_.body(), request_.coding, options.decompressed_bytes_max);
    if (auto* const refused = std::get_if<http_reply>(&body)) {
        reply_ = std::move(*refused);
        co_return;
    }
    auto const end_offset = co_await put(std::get<std::string>(body));
    body = std::string{};
    if (!end_offset) co_return;
    hold(0);
    bool const is_safe = co_await shared_.safe.reached(*end_offset, options.safe_timeout);
    if (!is_safe) {
        reply_ = deferral("the events are not safe yet; the same request again adds nothing twice");
        co_return;
    }
    json_object{reply_.body}.add("events", events_);
}

/// @return after the last of its events, 0 without any; none: `reply_` says what is wrong
asio::awaitable<std::optional<std::uint64_t>> ingest_session::put(std::string const& body) {
    auto const events = split_body(body, request_.kind, shared_.options.events_max);
    if (!events) {
        auto const status = events.error().code == errc::too_large ? 413U : 400U;
        reply_ = refusal(status, events.error().message);
        co_return std::nullopt;
    }
    events_ = events->size();
    hold(reader_.body().size() + body.size() + events_ * sizeof(std::string_view));
    auto const first_id = request_id(request_.tag, request_.kind, request_.key, body);
    auto const received_ns = now_ns();
    std::uint64_t end_offset = 0;
    for (std::span<std::string_view const> left{*events}; !left.empty();) {
        auto const count = portion_of(left);
        auto const begin = events_ - left.size();
        try {
            end_offset = shared_.inbox.put(ingest_message{.tag = request_.tag,
                                                          .first_id = first_id.at(static_cast<std::uint32_t>(begin)),
                                                          .kind = request_.kind,
                                                          .events = left.first(count),
                                                          .is_last = count == left.size(),
                                                          .received_ns = received_ns});
        } catch (std::bad_alloc const&) {
            reply_ = deferral("out of memory");
            co_return std::nullopt;
        }
        left = left.subspan(count);
        if (left.empty()) break;
        bool const goes_on = co_await has_room();
        if (goes_on) continue;
        reply_ = deferral("the backlog is full; the same request again adds nothing twice");
        co_return std::nullopt;
    }
    co_return end_offset;
}

/// For the next portion: the pump has taken those before.
asio::awaitable<bool> ingest_session::has_room() {
    auto const until = std::chrono::steady_clock::now() + shared_.options.safe_timeout;
    while (shared_.inbox.bytes() > waiting_bytes_max) {
        if (std::chrono::steady_clock::now() >= until) co_return false;
        asio::steady_timer next{link_->socket().get_executor(), room_pause};
        co_await next.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    co_return true;
}

/// @return whether another request may come
asio::awaitable<bool> ingest_session::answer() {
    shared_.counts.count(reply_);
    // What is left of a request that was not read to its end would be taken for the next one.
    reply_.keep_alive = reader_.is_whole() && reader_.facts().keep_alive && !shared_.stopping;
    if (reply_.status != 200)
        if (auto const count = shared_.trouble.admit(); count != 0)
            log_warn("ingest_source: request of {} answered {}: {} ({} times)", address_, reply_.status, reply_.body,
                     count);
    auto const text = to_text(reply_);
    auto const failed = co_await link_->write(text);
    if (failed || reply_.keep_alive) co_return !failed;
    if (!reader_.is_whole()) co_await discard_rest();
    co_return false;
}

asio::awaitable<void> ingest_session::discard_rest() {
    boost::system::error_code ignored;  // the client may have gone
    link_->socket().shutdown(asio::socket_base::shutdown_send, ignored);
    link_->close_after(linger_max, "refused");
    while (!link_->closed()) {
        auto const [failed, bytes] = co_await link_->read_some(std::span{space_});
        if (failed) break;
    }
}

}  // namespace logpipe::ingest
