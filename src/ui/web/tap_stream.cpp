#include "tap_stream.hpp"

#include "responses.hpp"
#include "status/tap_line.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace logpipe::web {

namespace {

namespace asio = boost::asio;

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds take_interval{100};
constexpr int takes_per_count = 10;

/// One piece of a chunked body (RFC 9112 section 7.1).
std::string chunk_of(std::string const& text) {
    return fmt::format("{:x}\r\n{}\r\n", text.size(), text);
}

}  // namespace

asio::awaitable<void> stream_tap(web_stream& stream, tap_route from, std::chrono::milliseconds write_time) {
    std::string out =
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nCache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    asio::steady_timer pause{stream.get_executor()};
    // The server closes the socket when it ends.
    for (int turn = 0; stream.is_open(); ++turn) {
        std::string lines;
        for (auto const& each : from.reader->take())
            lines += from.readable ? status::to_readable_line(each) : status::to_json_line(each);
        if (turn % takes_per_count == 0) {
            auto const counts = from.reader->counts();
            lines += json_line([&](json_object& line) {
                auto shown = line.object("tap");
                shown.add("seen", counts.seen);
                shown.add("dropped", counts.dropped);
            });
        }
        if (!lines.empty()) out += chunk_of(lines);
        if (!out.empty()) {
            stream.expires_after(write_time);
            if (co_await stream.write(asio::buffer(out))) co_return;
            out.clear();
        }
        pause.expires_after(take_interval);
        co_await pause.async_wait(nothrow);
    }
}

}  // namespace logpipe::web
