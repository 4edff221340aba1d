// The network side of the forward source: puts the acceptor, the sessions, the acks and the heartbeats onto one thread.
#pragma once

#include "client_acceptor.hpp"
#include "client_watch.hpp"
#include "connection_files.hpp"
#include "forward_session.hpp"
#include "heartbeat_responder.hpp"
#include "session_group.hpp"

#include "forward/forward.hpp"

#include "core/reload.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace logpipe::forward {

/// Owned by forward_source. All sessions run on its one thread, `fwd-in`; the public functions may be called from any.
class forward_server final {
  public:
    /// `into` outlives the server; it is closed when nothing more will come.
    forward_server(forward_source_options const& options, forward_limits const& limits, inbox& into);
    /// Sends the acks that are due, for a second at most, and closes everything.
    ~forward_server();

    [[nodiscard]] result<> open();
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// Nothing new is taken in; what is on its way is still read and decoded. Acks are still sent.
    void stop();
    /// All events before `offset` are safe.
    void ack_until(std::uint64_t offset);
    /// The inbox was full and is not any more.
    void made_room();
    /// Adds its metrics, and whether new clients can connect.
    void describe(stage_status& into) const;

  private:
    [[nodiscard]] result<> reload();
    void use(connection_files files);
    [[nodiscard]] result<> listen();
    [[nodiscard]] result<> listen_at(boost::asio::ip::tcp::endpoint const& endpoint);
    void report_open() const;
    void admit(boost::asio::ip::tcp::socket socket);
    [[nodiscard]] boost::asio::awaitable<void> accept();
    [[nodiscard]] boost::asio::awaitable<void> serve(std::shared_ptr<forward_peer> peer,
                                                     std::shared_ptr<net::connection> link);
    [[nodiscard]] boost::asio::awaitable<void> watch_clients();
    [[nodiscard]] boost::asio::awaitable<void> tend();
    void stop_taking_in();
    [[nodiscard]] boost::asio::awaitable<void> finish();

    forward_source_options options_;  // key and users change by use(), on the network thread
    forward_limits const limits_;
    std::uint16_t port_ = 0;
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keep_running_;
    std::optional<boost::asio::ssl::context> tls_;
    boost::asio::steady_timer room_made_;  // cancelled to wake those that wait
    boost::asio::steady_timer drain_ends_;
    boost::asio::steady_timer next_watch_;
    boost::asio::steady_timer next_tend_;
    session_group sessions_;
    client_acceptor acceptor_;
    client_watch watch_;
    heartbeat_responder heartbeats_;
    std::jthread thread_;  // after all that it uses
    reload_entry reload_;
};

}  // namespace logpipe::forward
