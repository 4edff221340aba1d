// Carries one client's session over the network: reads and waits as session_stepper says.
#pragma once

#include "session_stepper.hpp"

#include "net/connection.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace logpipe::forward {

/// The network thread's. It lives for as long as run().
class forward_session final {
  public:
    /// @param room_made  cancelled to wake those that wait for room  @param room_made, tls, context  outlive the
    /// session
    forward_session(std::shared_ptr<net::connection> link, session_stepper steps,
                    std::optional<boost::asio::ssl::context>& tls, boost::asio::steady_timer& room_made)
        : link_{std::move(link)}, steps_{std::move(steps)}, tls_{tls}, room_made_{room_made} {}

    /// Until the session is over.
    [[nodiscard]] boost::asio::awaitable<void> run();

  private:
    [[nodiscard]] boost::asio::awaitable<void> carry();
    void has_read(boost::system::error_code failed, std::size_t bytes);

    std::shared_ptr<net::connection> const link_;
    session_stepper steps_;
    std::optional<boost::asio::ssl::context>& tls_;
    boost::asio::steady_timer& room_made_;
};

}  // namespace logpipe::forward
