// HTTP for those who wait: http_connection in the caller's own thread, whole responses and streamed ones.
#pragma once

#include "core/mutex.hpp"
#include "logpipe/result.hpp"
#include "logpipe/stage.hpp"
#include "net/http_connection.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string_view>

namespace logpipe::net {

/// Works only while one of its functions runs: a response that nobody reads is slowed by TCP itself, and timeouts stand
/// still meanwhile. One thread calls everything but use(), wake() and cancel().
class http_client final {
  public:
    explicit http_client(http_target target);
    ~http_client();
    http_client(http_client const&) = delete;
    http_client& operator=(http_client const&) = delete;

    /// As http_connection::send(), or errc::cancelled.
    [[nodiscard]] result<http_response> send(http_request const& request);

    /// Of the server that the last request went to.
    [[nodiscard]] std::string const& server_name() const noexcept { return target_.name; }

    /// Begins a request without a body, of which the response is streamed; the one before is dropped.
    void start(http_request const& request);
    /// The response's head, first; then its body in pieces that are valid until the next call, empty at its end.
    /// @return none at `until` or after wake(): call it once more. Errors as http_connection's, or errc::cancelled.
    [[nodiscard]] result<std::optional<http_head>> head(steady_time until);
    [[nodiscard]] result<std::optional<std::string_view>> read(steady_time until);
    /// Drops the response and its connection.
    void drop();

    /// @return true when it is `until`, false after wake() or cancel().
    [[nodiscard]] bool wait(steady_time until);
    /// Ends the wait that is going on, or the next one. Any thread.
    void wake();
    /// The next request goes there, with these fields and certificates; a connection that is kept to the same address
    /// stays. Any thread.
    void use(http_target target);
    /// For good: a waiting call returns errc::cancelled. Any thread.
    void cancel();

  private:
    struct exchange;
    [[nodiscard]] bool run(steady_time until, std::shared_ptr<exchange> const& with);
    [[nodiscard]] bool take_wake();
    void take_target();

    mutex mutex_;
    std::optional<http_target> next_target_ LOGPIPE_GUARDED_BY(mutex_);
    http_target target_;
    // The coroutines that are left go with the context, before what they use.
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keep_running_{io_.get_executor()};
    std::shared_ptr<exchange> current_;   // shared with the coroutine that works on it, which may end after drop()
    std::optional<steady_time> left_at_;  // since when nobody runs what is in flight
    bool woken_ = false;                  // by a handler, so in the thread that runs io_
    std::atomic<bool> wake_posted_{false};
    std::atomic<bool> cancelled_{false};
};

}  // namespace logpipe::net
