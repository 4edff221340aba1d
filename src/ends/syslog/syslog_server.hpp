// The network side of the syslog source: clients by TCP and datagrams, on one thread.
#pragma once

#include "datagram_reader.hpp"
#include "message_rows.hpp"

#include "core/batch_inbox.hpp"
#include "core/log.hpp"
#include "core/reload.hpp"
#include "net/client_listener.hpp"
#include "net/memory_turn.hpp"
#include "syslog/syslog.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

namespace logpipe::syslog {

using message_inbox = batch_inbox<message_rows>;

/// Owned by syslog_source. Everything runs on its one thread, `syslog-in`; the public functions may be called from any.
class syslog_server final {
  public:
    /// Both outlive the server; the inbox is closed when nothing more will come.
    syslog_server(syslog_source_options const& options, message_inbox& into);
    ~syslog_server();

    [[nodiscard]] result<> open();
    /// Nothing new is taken in; what is on its way is still read.
    void stop();
    /// The inbox was full and is not any more.
    void made_room();
    void describe(stage_status& into) const;

  private:
    using client = net::client_listener::client;

    [[nodiscard]] bool has_stream() const noexcept { return options_.tls || options_.over != transport::udp; }
    [[nodiscard]] bool has_datagrams() const noexcept { return !options_.tls && options_.over != transport::tcp; }
    [[nodiscard]] result<> listen();
    void report_open() const;
    [[nodiscard]] boost::asio::awaitable<void> take_messages(client link, std::string address);
    [[nodiscard]] boost::asio::awaitable<void> take_datagrams();
    [[nodiscard]] boost::asio::awaitable<void> watch_drops();
    [[nodiscard]] boost::asio::awaitable<void> wait_for_room();
    [[nodiscard]] boost::asio::awaitable<void> wait_for_memory(client link);
    void put(framed_message const& message);
    void put_all(frame_splitter& frames, std::string_view bytes);
    void stop_taking_in();
    void abandon(std::string const& reason);
    void left();

    syslog_source_options const& options_;
    message_inbox& inbox_;
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keep_running_;
    net::client_listener clients_;
    datagram_reader datagrams_;
    boost::asio::steady_timer room_made_;   // cancelled to wake those that wait
    boost::asio::steady_timer next_count_;  // of dropped datagrams
    boost::asio::steady_timer drain_ends_;
    net::memory_turn turn_{environment{}};
    std::size_t feeders_ = 0;  // of the listener and the datagrams, those that may still put messages in
    bool stopping_ = false;
    bool abandoned_ = false;
    log_limit trouble_;
    log_limit loss_;
    std::atomic<std::uint64_t> bytes_in_{0}, idle_closed_{0}, empty_{0};
    std::jthread thread_;  // after all that it uses
    reload_entry reload_;
};

}  // namespace logpipe::syslog
