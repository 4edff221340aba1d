// HTTP over a plain socket: a test decides about every byte that is sent, and sees every byte that comes.
#pragma once

#include "support/listening.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <thread>

namespace logpipe {

/// One connection to 127.0.0.1. Every wait ends after 20 s, by a failed test. One thread.
class http_client final {
  public:
    explicit http_client(std::uint16_t port);
    ~http_client();
    http_client(http_client const&) = delete;
    http_client& operator=(http_client const&) = delete;

    /// @return false when the server has closed the connection.
    bool send(std::string_view bytes);
    /// One answer, head and body (by its Content-Length); empty when the server closed the connection before one came.
    [[nodiscard]] std::string response(bool has_body = true);
    /// What comes up to `mark`, with it; empty when the server closed the connection before.
    [[nodiscard]] std::string until(std::string_view mark);
    /// What the server sends until then is skipped.
    void wait_until_closed_by_server();

    /// The whole request "METHOD TARGET" without a body, and its answer.
    [[nodiscard]] std::string submit(std::string_view method_and_target);

  private:
    /// @return false at the end of the connection.
    bool receive();

    int socket_;
    std::string received_;
};

[[nodiscard]] int status_of(std::string const& answer);
/// A field's value; empty where there is none.
[[nodiscard]] std::string field_of(std::string const& answer, std::string const& name);
[[nodiscard]] std::string body_of(std::string const& answer);

/// A server for one connection on a port of its own: reads a request's head, sends `answer` and closes.
class one_answer_server final {
  public:
    explicit one_answer_server(std::string answer);
    ~one_answer_server();
    one_answer_server(one_answer_server const&) = delete;
    one_answer_server& operator=(one_answer_server const&) = delete;

    [[nodiscard]] std::uint16_t port() const { return listener_.port; }

  private:
    test::loopback_listener const listener_ = test::listen_on_loopback();
    std::jthread thread_;
};

}  // namespace logpipe
