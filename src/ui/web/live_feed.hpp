// The state of all processes, once a second, made once for all viewers.
#pragma once

#include "web/page.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace logpipe::web {

/// Of one server; its thread only. Without viewers nothing is made.
class live_feed final {
  public:
    live_feed(boost::asio::io_context& context, page_options const& options);

    /// Counts one viewer while it lives.
    class viewer final {
      public:
        explicit viewer(live_feed& feed);
        ~viewer() { --feed_.viewers_; }
        viewer(viewer const&) = delete;
        viewer& operator=(viewer const&) = delete;

      private:
        live_feed& feed_;
    };
    struct update {
        std::uint64_t number = 0;
        std::shared_ptr<std::string const> text;  ///< one event; shared by all streams that still write it
    };

    /// Makes the updates until close(). To be spawned once.
    [[nodiscard]] boost::asio::awaitable<void> run();
    [[nodiscard]] std::uint64_t number() const noexcept { return latest_.number; }
    /// Waits for an update other than number `seen`. @return none: the feed is closed
    [[nodiscard]] boost::asio::awaitable<std::optional<update>> next(std::uint64_t seen);
    [[nodiscard]] std::size_t viewers() const noexcept { return viewers_; }
    void close();

  private:
    page_options const& options_;
    boost::asio::steady_timer pause_;   ///< until the next update is made
    boost::asio::steady_timer signal_;  ///< never expires; what waits for an update waits for its cancellation
    update latest_;
    std::size_t viewers_ = 0;
    bool closed_ = false;
};

}  // namespace logpipe::web
