#include "session.hpp"

#include "response_head.hpp"
#include "routes.hpp"
#include "tap_stream.hpp"

#include "core/memory_budget.hpp"
#include "net/request_head.hpp"

#include <fmt/format.h>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/read_size.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <array>
#include <chrono>
#include <optional>
#include <utility>

namespace logpipe::web {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

using request_parser = http::request_parser<http::string_body>;

/// Counts a tap while it is open.
class tap_entry final {
  public:
    explicit tap_entry(web_state& state) : state_{state} { ++state_.taps; }
    tap_entry(tap_entry const&) = delete;
    tap_entry& operator=(tap_entry const&) = delete;
    ~tap_entry() { --state_.taps; }

  private:
    web_state& state_;
};

/// What to say to a body that cannot be read; none where the client has left or was too slow.
std::optional<web_response> response_to(error_code failed, web_limits const& limits) {
    if (failed == http::error::header_limit || failed == http::error::buffer_overflow)
        return problem_response(431, fmt::format("The header has more than {} bytes.", limits.header_bytes_max));
    if (failed == http::error::body_limit)
        return problem_response(413, fmt::format("The body has more than {} bytes.", limits.body_bytes_max));
    if (failed == http::error::end_of_stream || failed == http::error::partial_message) return std::nullopt;
    if (failed.category() != http::make_error_code(http::error::bad_value).category()) return std::nullopt;
    return problem_response(400, fmt::format("The request cannot be read: {}.", failed.message()));
}

/// How reading a part of a request ended. Without `ok` and without a response the client has left or was too slow.
struct read_end {
    bool ok = false;
    std::optional<web_response> rejection;
};

std::string_view text_of(beast::flat_buffer const& buffer) {
    return {static_cast<char const*>(buffer.data().data()), buffer.size()};
}

/// Waits for the whole head and checks it, so that the parser sees nothing that can be read in two ways.
/// @param wait  for its first byte
asio::awaitable<read_end> receive_head(web_stream& stream, beast::flat_buffer& buffer, web_limits const& limits,
                                       std::chrono::milliseconds wait) {
    net::request_head head{limits.header_bytes_max};
    bool has_begun = buffer.size() > 0;
    stream.expires_after(has_begun ? limits.request_time : wait);
    while (true) {
        // Some clients end a body with a line end too much (RFC 9112 section 2.2).
        if (text_of(buffer).starts_with("\r\n")) buffer.consume(2);
        if (buffer.size() > 0 && text_of(buffer) != "\r") {
            if (auto fault = head.check(text_of(buffer)))
                co_return read_end{.rejection = problem_response(fault->status, fault->reason)};
            if (head.is_complete()) co_return read_end{.ok = true};
        }
        auto [failed, bytes] = co_await stream.read_some(buffer.prepare(4096));
        if (failed) co_return read_end{};
        buffer.commit(bytes);
        // A bound for the whole head, however slowly its bytes come.
        if (!std::exchange(has_begun, true)) stream.expires_after(limits.request_time);
    }
}

/// Gives `parser` what has come, and reads on, until it has what `is_there` asks for.
asio::awaitable<error_code> parse(web_stream& stream, beast::flat_buffer& buffer, request_parser& parser,
                                  bool (request_parser::*is_there)() const) {
    while (!(parser.*is_there)()) {
        error_code failed = http::error::need_more;
        if (buffer.size() > 0) buffer.consume(parser.put(buffer.data(), failed));
        if (failed == http::error::need_more) {
            auto const space = beast::read_size(buffer, std::size_t{64} << 10U);
            if (space == 0) co_return http::error::buffer_overflow;
            auto const received = co_await stream.read_some(buffer.prepare(space));
            buffer.commit(received.bytes);
            failed = received.failed;
        }
        if (failed) co_return failed;
    }
    co_return error_code{};
}

/// Reads the head of one request into `parser`.
asio::awaitable<read_end> read_head(web_stream& stream, beast::flat_buffer& buffer, request_parser& parser,
                                    web_limits const& limits, std::chrono::milliseconds wait) {
    parser.header_limit(limits.header_bytes_max);
    parser.body_limit(limits.body_bytes_max);
    auto received = co_await receive_head(stream, buffer, limits, wait);
    if (!received.ok) co_return received;
    parser.eager(false);
    if (auto const failed = co_await parse(stream, buffer, parser, &request_parser::is_header_done))
        co_return read_end{.rejection = response_to(failed, limits)};
    co_return read_end{.ok = true};
}

asio::awaitable<read_end> read_body(web_stream& stream, beast::flat_buffer& buffer, request_parser& parser,
                                    web_limits const& limits) {
    stream.expires_after(limits.request_time);
    if (!parser.is_done() && parser.get().version() == 11 && parser.get().count(http::field::expect) > 0) {
        static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
        if (co_await stream.write(asio::buffer(go_on))) co_return read_end{};
    }
    parser.eager(true);
    if (auto const failed = co_await parse(stream, buffer, parser, &request_parser::is_done))
        co_return read_end{.rejection = response_to(failed, limits)};
    co_return read_end{.ok = true};
}

/// What starts a produce run for a waiting coroutine.
struct start_run {
    produce_job* job;
    produce_request what;

    template <class Handler>
    void operator()(Handler&& handler) {
        auto const executor = asio::get_associated_executor(handler);
        // The response comes on the job's thread; the coroutine continues on its own.
        job->start(std::move(what),
                   [executor, waiting = std::forward<Handler>(handler)](produce_response response) mutable {
                       asio::post(executor, [waiting = std::move(waiting), response = std::move(response)]() mutable {
                           std::move(waiting)(std::move(response));
                       });
                   });
    }
};

asio::awaitable<produce_response> run_produce(produce_job& job, produce_request what) {
    return asio::async_initiate<asio::use_awaitable_t<> const, void(produce_response)>(
        start_run{.job = &job, .what = std::move(what)}, asio::use_awaitable);
}

/// Resumes a waiting coroutine with a query's response.
struct submitted_query {
    query_thread* queries;
    std::string client;
    page_query query;

    template <class Handler>
    void operator()(Handler&& handler) {
        auto const executor = asio::get_associated_executor(handler);
        queries->submit(client, std::move(query),
                        [executor, waiting = std::forward<Handler>(handler)](web_response response) mutable {
                            asio::post(executor,
                                       [waiting = std::move(waiting), response = std::move(response)]() mutable {
                                           std::move(waiting)(std::move(response));
                                       });
                        });
    }
};

asio::awaitable<web_response> submit(query_thread& queries, std::string client, page_query query) {
    return asio::async_initiate<asio::use_awaitable_t<> const, void(web_response)>(
        submitted_query{.queries = &queries, .client = std::move(client), .query = std::move(query)},
        asio::use_awaitable);
}

/// All but the body. It refers to `request`; fields that come after a chunked body change nothing of it any more.
web_request head_of(http::request<http::string_body> const& request) {
    auto const authority = net::authority_of(request.target());
    return {.method = request.method_string(),
            .target = request.target(),
            .host = authority.empty() ? std::string_view{request[http::field::host]} : authority,
            .origin = request[http::field::origin],
            .referer = request[http::field::referer],
            .fetch_site = request["Sec-Fetch-Site"],
            .content_type = request[http::field::content_type],
            .authorization = request[http::field::authorization],
            .cookie = request[http::field::cookie]};
}

web_route route_of(web_request const& request, connection_slot const& slot, web_state& state) {
    if (slot.health_only() && !is_health_check(request))
        return {.response = problem_response(503, "All connections are taken: only health checks are served.")};
    auto route = find_route(request, state.options, state.guard);
    if (route.metrics)
        route.response.body +=
            state.slots.exposition(state.queries ? state.queries->rejected() + state.searches->rejected() : 0);
    if (route.tap.reader && state.taps >= state.options.limits.taps_max)
        return {.response = problem_response(503, "Too many taps are open already.")};
    if (route.live && state.feed->viewers() >= state.options.page->viewers_max)
        return {.response = problem_response(503, "Too many viewers are connected already.")};
    return route;
}

asio::awaitable<web_response> make_response(web_route route, std::string client, web_state& state) {
    if (route.query)
        co_return co_await submit(route.searches ? *state.searches : *state.queries, std::move(client),
                                  std::move(route.query));
    if (!route.produce) co_return std::move(route.response);
    auto const response = co_await run_produce(state.job, std::move(route.what));
    co_return produce_page(response);
}

/// The stream of what happens, until the client leaves, is too slow, or the server ends.
asio::awaitable<void> stream_live(web_stream& stream, web_state& state) {
    live_feed::viewer const watching{*state.feed};
    auto const head = live_head();
    stream.expires_after(state.options.limits.request_time);
    if (co_await stream.write(asio::buffer(head))) co_return;
    auto seen = state.feed->number();  // what was made before one came may be old
    while (!state.closing) {
        auto const update = co_await state.feed->next(seen);
        if (!update) co_return;
        seen = update->number;
        stream.expires_after(state.options.limits.request_time);
        if (co_await stream.write(asio::buffer(*update->text))) co_return;
    }
}

/// @return whether the client has all of it, as far as TCP tells.
asio::awaitable<bool> write_response(web_stream& stream, web_response response, response_form form,
                                     std::chrono::milliseconds time) {
    memory_share memory{process_memory(), "responses"};
    memory.set(response.body.size());
    auto const head = response_head(response, form);
    stream.expires_after(time);
    auto const body = form.head_only ? asio::const_buffer{} : asio::buffer(std::as_const(response.body));
    auto const failed = co_await stream.write(asio::buffer(head), body);
    co_return !failed;
}

/// Says that nothing more comes, and reads for a moment what is still on its way: closing before that resets the
/// connection, which can lose the response.
asio::awaitable<void> close_gently(web_stream& stream) {
    constexpr std::size_t bytes_max = 256U << 10U;
    stream.expires_after(std::chrono::seconds{1});
    co_await stream.end_sending();
    std::array<char, 4096> unwanted;
    for (std::size_t drained = 0; drained < bytes_max;) {
        auto [failed, bytes] = co_await stream.read_some(asio::buffer(unwanted));
        if (failed) co_return;
        drained += bytes;
    }
}

}  // namespace

asio::awaitable<void> serve_http(asio::ip::tcp::socket socket, connection_slot slot, web_state& state) {
    if (state.closing) co_return;
    auto const& limits = state.options.limits;
    error_code gone;  // then nothing is read from it either
    auto const client = socket.remote_endpoint(gone).address().to_string();
    web_stream stream{std::move(socket)};
    slot.bind(stream.tcp());
    if (auto const tls = state.tls) {
        slot.wait();
        stream.expires_after(limits.request_time);
        if (co_await stream.accept_tls(*tls)) co_return;
    }
    beast::flat_buffer buffer{limits.header_bytes_max + std::size_t{8192}};
    auto wait = limits.request_time;
    for (std::size_t requests = 1;; ++requests) {
        slot.wait();
        request_parser parser;
        web_request request;
        response_form form;
        auto read = co_await read_head(stream, buffer, parser, limits, wait);
        if (read.ok) {
            request = head_of(parser.get());
            form = {.version = parser.get().version(),
                    .keep_alive = parser.keep_alive() && !slot.health_only() && requests < limits.requests_max,
                    .head_only = parser.get().method() == http::verb::head};
            read = co_await read_body(stream, buffer, parser, limits);
        }
        if (!slot.work()) co_return;
        if (!read.ok) {
            if (!read.rejection) co_return;
            co_await write_response(stream, *std::move(read.rejection), {}, limits.request_time);
            break;
        }
        request.body = parser.get().body();
        auto route = route_of(request, slot, state);
        if (route.live) {
            co_await stream_live(stream, state);
            co_return;
        }
        if (route.tap.reader) {
            tap_entry const open{state};
            co_await stream_tap(stream, std::move(route.tap), limits.request_time);
            co_return;
        }
        auto response = co_await make_response(std::move(route), client, state);
        bool const written = co_await write_response(stream, std::move(response), form, limits.request_time);
        if (!written) co_return;
        if (!form.keep_alive) break;
        wait = limits.idle_time;
    }
    slot.wait();
    co_await close_gently(stream);
}

}  // namespace logpipe::web
