#include "live_feed.hpp"

#include "page_api.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>

namespace logpipe::web {

namespace {

namespace asio = boost::asio;

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds interval{1};

}  // namespace

live_feed::live_feed(asio::io_context& context, page_options const& options)
    : options_{options}, pause_{context}, signal_{context, asio::steady_timer::time_point::max()} {}

live_feed::viewer::viewer(live_feed& feed) : feed_{feed} {
    // The first does not wait out the pause of a feed that slept.
    if (++feed_.viewers_ == 1) feed_.pause_.cancel();
}

asio::awaitable<void> live_feed::run() {
    while (!closed_) {
        pause_.expires_after(viewers_ > 0 ? interval : std::chrono::hours{24});
        co_await pause_.async_wait(nothrow);
        if (closed_ || viewers_ == 0) continue;
        latest_ = {.number = latest_.number + 1,
                   .text = std::make_shared<std::string const>(
                       fmt::format("event: processes\ndata: {}\n\n", processes_json(options_)))};
        signal_.cancel();
    }
}

asio::awaitable<std::optional<live_feed::update>> live_feed::next(std::uint64_t seen) {
    while (!closed_ && latest_.number == seen) co_await signal_.async_wait(nothrow);
    if (closed_) co_return std::nullopt;
    co_return latest_;
}

void live_feed::close() {
    closed_ = true;
    pause_.cancel();
    signal_.cancel();
}

}  // namespace logpipe::web
