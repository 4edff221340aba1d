// A web server that does what a test says, byte by byte: real sockets on the loopback, TLS where wanted.
#pragma once

#include "support/listening.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace logpipe::test {

/// One connection after its request was read. Used by the server's thread that answers it.
class http_exchange {
  public:
    virtual ~http_exchange() = default;

    [[nodiscard]] virtual std::string const& request() const = 0;  ///< all lines of its head
    [[nodiscard]] virtual std::string const& body() const = 0;     ///< by its Content-Length
    [[nodiscard]] virtual std::string target() const = 0;
    /// Empty where the field is not there. @param name  as it is written in the request.
    [[nodiscard]] virtual std::string field(std::string_view name) const = 0;

    /// @return false when the client has gone.
    virtual bool send(std::string_view bytes) = 0;
    /// Cuts the connection hard (RST) instead of closing it.
    virtual void reset() = 0;
    /// Closes TCP without the goodbye of TLS, as someone on the way could.
    virtual void drop() = 0;
    /// Keeps silent until the client or the server goes away.
    virtual void hang() = 0;

    /// "HTTP/1.1 STATUS", the fields (each with CR LF), and the body with its Content-Length.
    void answer(std::string_view status, std::string_view fields, std::string_view body);
};

/// Closes every connection after its one answer.
class http_script final {
  public:
    explicit http_script(std::function<void(http_exchange&)> serve, certificate_files const& tls = {});
    /// On a Unix socket, which must not be there yet.
    http_script(std::function<void(http_exchange&)> serve, std::string const& socket_path);
    ~http_script();
    http_script(http_script const&) = delete;
    http_script& operator=(http_script const&) = delete;

    [[nodiscard]] std::uint16_t port() const noexcept { return listener_.port; }
    /// http(s)://127.0.0.1:PORT/path
    [[nodiscard]] std::string url(std::string_view path = "/lines.jsonl") const;
    [[nodiscard]] std::vector<std::string> requests() const;

  private:
    void start();
    void accept_all();
    void serve_one(int fd);

    std::function<void(http_exchange&)> serve_;
    ssl_ctx_st* const tls_ = nullptr;
    loopback_listener const listener_;
    int stop_ = -1;             // eventfd: readable when everything must end
    mutable std::mutex mutex_;  // guards requests_, workers_
    std::vector<std::string> requests_;
    std::vector<std::jthread> workers_;
    std::jthread acceptor_;
};

}  // namespace logpipe::test
