// The network side of the forward source: listens, keeps the sessions, answers heartbeats, sends the acks that are due.
#pragma once

#include "connection.hpp"
#include "connection_files.hpp"
#include "forward_decoder.hpp"
#include "heartbeat_table.hpp"
#include "inbox.hpp"
#include "peer_table.hpp"

#include "forward/forward.hpp"

#include "core/log.hpp"
#include "core/reload.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

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
    /// Nothing new is taken in; what is on its way is still read and decoded. Acks go on.
    void stop();
    /// All events before `offset` are safe.
    void ack_until(std::uint64_t offset);
    /// The inbox was full and is not any more.
    void made_room();
    /// Adds its gauges, and whether new clients can connect.
    void describe(stage_status& into) const;

  private:
    using client = forward_peer;
    struct due_ack {
        std::uint64_t end_offset = 0;  // behind the chunk's last event
        std::shared_ptr<client> to;
        std::string chunk_msgpack;

        [[nodiscard]] std::size_t bytes() const noexcept { return sizeof(due_ack) + chunk_msgpack.size(); }
    };

    [[nodiscard]] result<> reload();
    void use(connection_files files);
    [[nodiscard]] result<> listen();
    [[nodiscard]] result<> listen_at(boost::asio::ip::tcp::endpoint const& endpoint);
    [[nodiscard]] boost::asio::awaitable<void> accept_clients();
    [[nodiscard]] boost::asio::awaitable<void> wait_for_place();
    [[nodiscard]] boost::asio::awaitable<void> recover_from(boost::system::error_code failed);
    bool close_newcomer();
    [[nodiscard]] boost::asio::awaitable<void> watch_clients();
    [[nodiscard]] boost::asio::awaitable<void> answer_heartbeats();
    [[nodiscard]] boost::asio::awaitable<void> serve(std::shared_ptr<client> peer);
    [[nodiscard]] boost::asio::awaitable<result<>> converse(std::shared_ptr<client> peer);
    [[nodiscard]] boost::asio::awaitable<result<>> greet(std::shared_ptr<client> peer, msgpack_stream& stream);
    [[nodiscard]] boost::asio::awaitable<result<>> take_messages(std::shared_ptr<client> peer, forward_decoder decoder);
    [[nodiscard]] bool has_room(client const& peer);
    [[nodiscard]] boost::asio::awaitable<void> wait_for_room(std::shared_ptr<client> peer);
    void tell_of_passing_over(client& peer, bool passes_over);
    [[nodiscard]] boost::asio::awaitable<void> finish();
    void accept_last();
    void admit(boost::asio::ip::tcp::socket socket);
    [[nodiscard]] boost::asio::awaitable<void> wait_for_memory();
    void take(std::shared_ptr<client> const& peer, forward_message const& message, std::uint64_t end_offset);
    void send_due_acks();
    void stop_taking_in();
    [[nodiscard]] bool drained() const;
    void reader_left();

    forward_source_options options_;  // key and users change by use(), on the network thread
    forward_limits const limits_;
    inbox& inbox_;
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keep_running_;
    std::optional<boost::asio::ssl::context> tls_;
    boost::asio::ip::tcp::acceptor acceptor_{io_};
    boost::asio::ip::udp::socket heartbeats_{io_};
    boost::asio::steady_timer room_made_;    // cancelled to tell those who wait
    boost::asio::steady_timer client_left_;  // the same
    boost::asio::steady_timer drain_ends_;
    boost::asio::steady_timer watch_;  // between two looks at who lets us wait
    peer_table clients_;
    heartbeat_table heartbeat_answers_;
    std::deque<due_ack> acks_;  // in the order of their offsets
    std::size_t acks_bytes_ = 0;
    std::size_t readers_ = 1;  // who may still put something into the inbox: sessions, and the one who accepts them
    bool stopping_ = false;
    std::chrono::steady_clock::time_point drain_until_;  // while stopping
    log_limit trouble_;

    std::uint16_t port_ = 0;
    std::string hostname_;
    std::atomic<std::uint64_t> safe_offset_{0};
    std::atomic<bool> acks_posted_{false};
    std::atomic<std::uint64_t> connections_{0};
    std::atomic<std::uint64_t> connections_total_{0};
    std::atomic<std::uint64_t> messages_{0};
    std::atomic<std::uint64_t> broken_connections_{0};
    std::atomic<std::uint64_t> unauthorized_{0};
    std::atomic<std::uint64_t> chunks_acked_{0};
    std::atomic<std::uint64_t> bytes_in_{0};
    std::atomic<std::uint64_t> memory_stalls_{0};
    std::atomic<std::uint64_t> connections_evicted_{0};
    std::atomic<std::uint64_t> connections_timed_out_{0};
    std::atomic<std::uint64_t> connections_rejected_{0};
    std::atomic<std::uint64_t> heartbeat_responses_{0};
    std::atomic<std::uint64_t> heartbeats_dropped_{0};
    std::atomic<std::uint64_t> accept_failures_{0};
    std::atomic<bool> clients_wait_{false};  // for a place
    std::atomic<int> accept_failure_{0};     // errno of the last accept(); 0: it worked
    std::jthread thread_;                    // after all that it uses
    reload_entry reload_;
};

}  // namespace logpipe::forward
