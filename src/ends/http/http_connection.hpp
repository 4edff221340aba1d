// One request over TCP or TLS, and the bytes that come back. It knows nothing of HTTP; Asio stays behind this header.
#pragma once

#include "http_address.hpp"
#include "logpipe/result.hpp"
#include "logpipe/stage.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace logpipe::http {

struct http_connection_options {
    std::string ca_file;
    bool insecure_skip_verify = false;
    std::chrono::milliseconds connect_timeout{10'000};  ///< name, TCP, TLS and the request, all together
    std::chrono::milliseconds idle_timeout{30'000};     ///< without a byte, while somebody waits for one
};

/// Does its work only while receive() or wait() runs, so an unread download is slowed by TCP itself, and the timeouts
/// stand still meanwhile. One thread calls everything but wake().
class http_connection final {
  public:
    explicit http_connection(http_connection_options options);
    ~http_connection();
    http_connection(http_connection const&) = delete;
    http_connection& operator=(http_connection const&) = delete;

    /// Loads the certificates. @return errc::invalid_argument where there are none to load.
    [[nodiscard]] result<> set_up();
    /// Drops what was before, and asks anew.
    void start(http_address const& to, std::string request);
    /// The next bytes, which hold until the next call; empty at the connection's orderly end.
    /// @return none at `until` or after wake(): call again. errc::not_connected, errc::timed_out; errc::unauthorized
    /// for a certificate that is not to be trusted.
    [[nodiscard]] result<std::optional<std::string_view>> receive(steady_time until);
    void close();

    /// @return true when it is `until`, false after wake().
    [[nodiscard]] bool wait(steady_time until);
    /// Ends the wait that is going on, or the next one. Any thread.
    void wake();

  private:
    class engine;
    std::unique_ptr<engine> engine_;
};

}  // namespace logpipe::http
