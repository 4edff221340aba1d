// The network side of the forward sink: one connection at a time, replaced whenever it is lost, over which every chunk
// of the queue goes until its ack has come.
#pragma once

#include "chunk_queue.hpp"
#include "connection_files.hpp"
#include "msgpack_stream.hpp"

#include "forward/forward.hpp"

#include "core/log.hpp"
#include "core/reload.hpp"
#include "core/retry_loop.hpp"
#include "core/stage_health.hpp"
#include "net/address.hpp"
#include "net/connection.hpp"
#include "net/host_list.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace logpipe::forward {

/// Owned by the forward sink. Its thread is `fwd-out`; the public functions may be called from any.
class forward_client final {
  public:
    /// @param finished  called on the client's thread with each batch that is acked as a whole
    forward_client(forward_sink_options const& options, chunk_queue& chunks, std::function<void(batch&&)> finished);
    ~forward_client();

    /// Starts on the first call. @return at once when connected, else when the next attempt ended: its error.
    [[nodiscard]] result<> connect();
    /// There is something new in the queue.
    void send();
    /// For good.
    void cancel();
    void describe(stage_status& into) const;

  private:
    [[nodiscard]] result<> begin();
    [[nodiscard]] result<> prepare();
    [[nodiscard]] result<> reload();
    void use(connection_files files);
    [[nodiscard]] boost::asio::awaitable<void> run();
    [[nodiscard]] boost::asio::awaitable<result<>> join(std::shared_ptr<net::connection> link, msgpack_stream& stream);
    [[nodiscard]] boost::asio::awaitable<result<>> greet(std::shared_ptr<net::connection> link, msgpack_stream& stream);
    [[nodiscard]] boost::asio::awaitable<error> take_acks(std::shared_ptr<net::connection> link,
                                                          msgpack_stream& stream);
    [[nodiscard]] result<> take_ack(std::string_view value);
    [[nodiscard]] net::host_port const& address() const { return (*addresses_)[host_]; }
    [[nodiscard]] bool greets() const { return !options_.shared_key.empty() || !options_.username.empty(); }
    void warn_of_open_password(net::connection& link);
    void send_waiting();
    void watch_oldest();
    void connected(std::shared_ptr<net::connection> link);
    [[nodiscard]] bool disconnected(error reason);

    forward_sink_options options_;  // key and password change by use(), on the network thread
    chunk_queue& chunks_;
    std::function<void(batch&&)> const finished_;
    result<std::vector<net::host_port>> const addresses_;  // an error ends begin()
    net::host_list hosts_;
    std::size_t host_ = 0;   // of link_; the network thread's…
    std::size_t tries_ = 0;  // …as are these, of connecting without a pause
    std::string const hostname_;
    std::optional<boost::asio::ssl::context> tls_;

    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keep_running_;
    boost::asio::steady_timer pause_;
    std::shared_ptr<net::connection> link_;  // the one that run() works on; the network thread's
    bool ready_ = false;                     // link_ may be given chunks; the network thread's
    bool warned_ = false;                    // of the open password
    retry_loop retry_;
    log_limit trouble_;

    std::atomic<std::uint64_t> failures_{0};  // connections that failed or were lost
    stage_health health_{error{errc::not_connected, "not connected yet"}};

    std::jthread thread_;  // after all that it uses
    reload_entry reload_;
};

}  // namespace logpipe::forward
