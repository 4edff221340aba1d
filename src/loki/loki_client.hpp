// POST /loki/api/v1/push over one connection that is kept. Asio stays behind this header.
#pragma once

#include "logpipe/loki.hpp"

#include <memory>
#include <string>

namespace logpipe {

struct push_reply {
    unsigned status = 0;
    std::string body;
};

/// Does its work only while push() runs. One thread calls everything but cancel().
class loki_client final {
  public:
    explicit loki_client(loki_sink_options const& options);
    ~loki_client();
    loki_client(loki_client const&) = delete;
    loki_client& operator=(loki_client const&) = delete;

    /// @return errc::invalid_argument for an address, a file or a credential that can never work.
    [[nodiscard]] result<> set_up();
    /// Connects where it must. A kept connection that Loki has closed meanwhile is made again, once: lines that arrive
    /// twice are one to Loki.
    /// @param body  gzip of JSON
    /// @return errc::not_connected, errc::timed_out, errc::unauthorized (a certificate not to be trusted),
    /// errc::protocol, errc::cancelled
    [[nodiscard]] result<push_reply> push(std::string const& body);
    /// For good; makes a waiting push() return. Any thread.
    void cancel();

  private:
    class engine;
    std::unique_ptr<engine> engine_;
};

}  // namespace logpipe
