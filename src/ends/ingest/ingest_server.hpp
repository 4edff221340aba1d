// The network side of the HTTP listener, on one thread.
#pragma once

#include "ingest_session.hpp"

#include "core/log.hpp"
#include "core/reload.hpp"
#include "ingest/ingest.hpp"
#include "net/client_listener.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <string>
#include <thread>

namespace logpipe::ingest {

/// Owned by ingest_source. Everything runs on its one thread, `ingest`; the public functions may be called from any.
class ingest_server final {
  public:
    /// Both outlive the server; the inbox is closed when nothing more will come.
    ingest_server(ingest_options const& options, event_inbox& into);
    ~ingest_server();

    [[nodiscard]] result<> open();
    /// No new requests; those that have come are still answered.
    void stop();
    /// All events before `offset` are safe.
    void safe_until(std::uint64_t offset) { safe_.safe_until(offset); }
    [[nodiscard]] std::uint64_t body_bytes() const noexcept { return counts_.body_bytes; }
    void describe(stage_status& into) const;

  private:
    [[nodiscard]] result<> reload();
    void report_open() const;
    [[nodiscard]] boost::asio::awaitable<void> serve(net::client_listener::client link, std::string address);
    void stop_taking_in();
    void give_up();

    ingest_options const& options_;
    std::string token_;
    event_inbox& inbox_;
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keep_running_;
    net::client_listener clients_;
    boost::asio::steady_timer drain_ends_;
    bool stopping_ = false;
    log_limit trouble_;
    safety safe_;
    session_counts counts_;
    session_context const shared_;
    std::jthread thread_;  // after all that it uses
    reload_entry reload_;
};

}  // namespace logpipe::ingest
