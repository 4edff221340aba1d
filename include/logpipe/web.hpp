// HTTP that a process serves about itself, and the web app's endpoint that starts a produce run.
#pragma once

#include "logpipe/result.hpp"
#include "logpipe/status.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace logpipe {

struct produce_answer {
    int status = 200;  ///< 502 with the reason, 409 while one runs
    std::string message;
    std::uint64_t events = 0;
};

struct web_options {
    std::string listen = "127.0.0.1:0";      ///< HOST:PORT
    std::function<process_snapshot()> look;  ///< called from the server's threads
    /// Runs one produce to its end and answers; called from a thread of its own, never two at once. Empty: no such
    /// page.
    std::function<produce_answer()> produce;
};

/// `/metrics`, `/healthz`, `/readyz`, `/api/status`, and where `produce` is set GET and POST
/// `/produceEventsToPipeline`. Serves from start to destruction, on threads of its own.
class web_server {
  public:
    virtual ~web_server() = default;
    [[nodiscard]] virtual std::uint16_t port() const = 0;
};

/// @return errc::invalid_argument or errc::busy when it cannot listen there.
[[nodiscard]] result<std::unique_ptr<web_server>> start_web_server(web_options options);

/// GET of another logpipe process's `/api/status`. @param address HOST:PORT
[[nodiscard]] result<process_snapshot> fetch_status(std::string const& address, std::chrono::milliseconds timeout);

}  // namespace logpipe
