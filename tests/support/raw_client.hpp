// A blocking TCP client (and a UDP one) made of nothing but system calls, for tests that need to say exactly which
// bytes go out.
#pragma once

#include "support/listening.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace logpipe::test {

/// Fails the test (by exception) where the system does not do what is asked within 20 s.
class raw_client final {
  public:
    /// Has a socket, and is not connected yet.
    raw_client();
    explicit raw_client(std::uint16_t port);
    ~raw_client();
    raw_client(raw_client&& other) noexcept;
    raw_client(raw_client const&) = delete;
    raw_client& operator=(raw_client const&) = delete;
    raw_client& operator=(raw_client&&) = delete;

    void connect(std::uint16_t port);
    void send(std::string_view bytes);
    /// As much as the peer takes without being read by it. @return how many bytes that were.
    std::size_t send_until_full(std::string_view bytes);
    /// Exactly `count` bytes.
    [[nodiscard]] std::string receive(std::size_t count);
    /// The next bytes; empty where the peer closes the connection.
    [[nodiscard]] std::string receive_some();
    /// Whether something comes within `milliseconds`.
    [[nodiscard]] bool has_response(int milliseconds);
    /// Whether the peer closes the connection; what it sends before is thrown away.
    [[nodiscard]] bool is_closed_by_peer();
    /// We send nothing more.
    void end_sending();

  private:
    friend class raw_server;
    struct adopted {
        int socket;
    };
    explicit raw_client(adopted from) noexcept : socket_{from.socket} {}

    int socket_ = -1;
};

/// Sends one datagram and gives the answer; empty after 20 s.
[[nodiscard]] std::string ask_by_udp(std::uint16_t port, std::string_view packet);

/// Accepts connections on a free port, one at a time.
class raw_server final {
  public:
    raw_server() = default;
    ~raw_server();
    raw_server(raw_server const&) = delete;
    raw_server& operator=(raw_server const&) = delete;

    [[nodiscard]] std::uint16_t port() const noexcept { return listener_.port; }
    /// Waits for the next one.
    [[nodiscard]] raw_client accept();
    /// Whether one has connected that was not accepted yet.
    [[nodiscard]] bool has_client() const;

  private:
    loopback_listener const listener_ = listen_on_loopback();
};

}  // namespace logpipe::test
