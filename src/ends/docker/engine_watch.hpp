// The network side of docker_source: lists the containers, has the log of each followed, and learns from the engine's
// events which come and go. What breaks is retried, from the position in each log.
#pragma once

#include "engine_client.hpp"
#include "engine_json.hpp"
#include "line_inbox.hpp"
#include "log_follower.hpp"

#include "docker/docker.hpp"

#include "core/log.hpp"
#include "core/stage_health.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace logpipe::docker {

/// Owned by the source. Its thread is `docker-in`; the public functions may be called from any.
class engine_watch final {
  public:
    /// Both outlive the watch.
    engine_watch(docker_source_options const& options, line_inbox& inbox);
    ~engine_watch();
    engine_watch(engine_watch const&) = delete;
    engine_watch& operator=(engine_watch const&) = delete;

    /// Starts on the first call. @return at once while the containers are known, else when the next attempt ended: its
    /// error.
    [[nodiscard]] result<> start();
    /// Reads no further, for good, and closes the inbox.
    void stop();
    void made_room();
    void describe(stage_status& into) const;

  private:
    [[nodiscard]] result<> begin();
    [[nodiscard]] boost::asio::awaitable<void> watch();
    [[nodiscard]] boost::asio::awaitable<error> watch_once();
    [[nodiscard]] result<> take_events(std::string& text);
    void take_event(engine_event const& event);
    void follow_if_new(std::string const& id);
    [[nodiscard]] boost::asio::awaitable<void> follow(std::shared_ptr<followed_container> one);
    void failed(error reason);
    void recovered();

    docker_source_options const& options_;
    line_inbox& inbox_;
    std::optional<engine_client> engine_;  // from start() on
    log_limit trouble_;
    std::map<std::string, std::shared_ptr<followed_container>> following_;  // the network thread's
    std::atomic<std::size_t> containers_{0};
    stage_health health_{error{errc::not_connected, "not connected to the engine yet"}};

    // The coroutines that are left go with the context; what they destroy then uses nothing of the follower.
    boost::asio::io_context io_{1};
    log_follower logs_;
    boost::asio::steady_timer pause_{io_};
    std::jthread thread_;
};

}  // namespace logpipe::docker
