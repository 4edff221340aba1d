// A TCP listener, with or without TLS, and a bounded number of clients, each served by a coroutine: what a source that
// others connect to is made around.
#pragma once

#include "net/connection.hpp"
#include "net/tls.hpp"

#include "core/log.hpp"
#include "core/stage_health.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace logpipe::net {

struct client_listener_options {
    std::string_view stage;       ///< for the log: "syslog_source"
    std::string_view limit_flag;  ///< for people: "--syslog-connections-max"
    std::size_t clients_max = 256;
    tls_server_options tls{};  ///< without certificate and key: no TLS
    std::chrono::milliseconds handshake_timeout{10'000};
};

/// While all slots are taken, or no file descriptor is left, new clients wait in the kernel. The io_context's one
/// thread calls everything but describe() and the counts, which any thread may call.
class client_listener final {
  public:
    using client = std::shared_ptr<connection>;
    /// How long a connection must be quiet to be read no more, once the listener is stopping, and how long those that
    /// are open may take in all.
    static constexpr std::chrono::milliseconds quiet_max{250};
    static constexpr std::chrono::seconds drain_max{5};

    /// Serves one client from its first byte on, after TLS; `address` is HOST:PORT, for people.
    using session = std::function<boost::asio::awaitable<void>(client, std::string address)>;

    client_listener(boost::asio::io_context& io, client_listener_options const& options, session serve);

    /// Reads the certificates as well. @param address  HOST:PORT  @return errc::busy, errc::invalid_argument
    [[nodiscard]] result<> open(std::string const& address);
    /// What was opened and is not to be started.
    void close();
    [[nodiscard]] boost::asio::ip::tcp::endpoint endpoint() const;
    /// Begins to accept. @param all_left  called once, after stop(), when nobody is left
    void start(std::function<void()> all_left);
    /// Reads the certificates again, for connections to come. From any thread. @return errc::invalid_argument
    [[nodiscard]] result<> reload();
    [[nodiscard]] bool has_tls() const noexcept { return !options_.tls.certificate_file.empty(); }
    /// Accepts those that have connected so far and no more. Each is read until it is quiet.
    void stop();
    /// Every connection fails from now on.
    void close_all(std::string const& reason);

    /// Whether new clients can connect.
    void describe(stage_status& into) const { health_.describe(into); }
    [[nodiscard]] std::atomic<std::uint64_t> const& open_count() const noexcept { return open_; }
    [[nodiscard]] std::atomic<std::uint64_t> const& accepted_count() const noexcept { return accepted_; }
    [[nodiscard]] std::atomic<std::uint64_t> const& failure_count() const noexcept { return failures_; }
    [[nodiscard]] std::atomic<std::uint64_t> const& handshake_failure_count() const noexcept {
        return handshake_failures_;
    }

  private:
    [[nodiscard]] boost::asio::awaitable<void> accept();
    [[nodiscard]] boost::asio::awaitable<void> wait_for_slot();
    [[nodiscard]] boost::asio::awaitable<void> recover_from(boost::system::error_code failed);
    [[nodiscard]] boost::asio::awaitable<void> run(client link, std::string address);
    [[nodiscard]] boost::asio::awaitable<bool> greet(client link, std::string address);
    [[nodiscard]] result<std::optional<boost::asio::ssl::context>> read_certificates() const;
    void accept_last();
    void admit(boost::asio::ip::tcp::socket socket);
    void leave(client const& link);
    void check_all_left();

    boost::asio::io_context& io_;
    client_listener_options const options_;
    session const serve_;
    std::optional<boost::asio::ssl::context> tls_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer slot_free_;  // cancelled to wake the one that waits
    std::set<client> clients_;
    std::function<void()> all_left_;
    bool accepting_ = false;
    bool stopping_ = false;
    log_limit trouble_;
    stage_health health_;
    std::atomic<std::uint64_t> open_{0}, accepted_{0}, failures_{0}, handshake_failures_{0};
};

}  // namespace logpipe::net
