#include "ingest_session.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace logpipe::ingest {

namespace asio = boost::asio;

asio::awaitable<bool> safety::reached(std::uint64_t offset, std::chrono::milliseconds wait) {
    if (safe_offset_ < offset && !given_up_) {
        asio::steady_timer timer{io_, wait};
        auto const place = waiting_.emplace(offset, &timer);
        ++size_;
        co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        waiting_.erase(place);
        --size_;
    }
    co_return safe_offset_ >= offset;
}

void safety::safe_until(std::uint64_t offset) {
    safe_offset_ = offset;
    if (!scheduled_.exchange(true)) asio::post(io_, [this] { release(); });
}

void safety::release() {
    scheduled_ = false;
    auto const end = waiting_.upper_bound(safe_offset_);
    for (auto each = waiting_.begin(); each != end; ++each) each->second->cancel();
}

void safety::give_up() {
    given_up_ = true;
    for (auto const& [offset, timer] : waiting_) timer->cancel();
}

}  // namespace logpipe::ingest
