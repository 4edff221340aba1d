// The network side of docker_source: lists the containers, follows the log of each, and learns from the engine's events
// which come and go. Whatever breaks is begun again, from the place in each log.
#pragma once

#include "ended_logs.hpp"
#include "engine_json.hpp"
#include "feedback.hpp"
#include "line_inbox.hpp"

#include "docker/docker.hpp"

#include "core/backoff.hpp"
#include "core/log.hpp"
#include "core/stage_health.hpp"
#include "net/http_connection.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstdint>
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

    /// Starts on the first call. @return at once while the containers are known, else when the next try ended: its
    /// error.
    [[nodiscard]] result<> start();
    /// Reads no further, for good, and closes the inbox.
    void stop();
    void made_room();
    void describe(stage_status& into) const;

  private:
    /// Followed by one coroutine at a time.
    struct followed {
        std::string id;
        bool started_again = false;  // the engine said so after the log's end was last seen
    };
    [[nodiscard]] boost::asio::awaitable<void> watch();
    [[nodiscard]] error in_words(error failure) const;
    [[nodiscard]] boost::asio::awaitable<result<net::http_response>> get(std::string path);
    [[nodiscard]] boost::asio::awaitable<error> watch_once();
    [[nodiscard]] boost::asio::awaitable<result<>> list();
    void take_event(engine_event const& event);
    void follow_if_new(std::string const& id);
    [[nodiscard]] boost::asio::awaitable<void> follow(std::shared_ptr<followed> one);
    [[nodiscard]] boost::asio::awaitable<void> follow_to_its_end(std::shared_ptr<followed> one,
                                                                 std::uint32_t partition);
    /// The container as it was when its log was begun. @return whether there is nothing more to follow.
    [[nodiscard]] boost::asio::awaitable<bool> is_over(std::shared_ptr<followed> one, container_info before,
                                                       steady_time begun);
    void note_end(container_info const& of, std::string_view reason, steady_time begun);
    [[nodiscard]] boost::asio::awaitable<result<container_info>> inspect(std::string id);
    [[nodiscard]] boost::asio::awaitable<result<>> read_log(container_info info, std::uint32_t partition);
    [[nodiscard]] boost::asio::awaitable<void> wait_for_room(std::uint32_t partition);
    [[nodiscard]] boost::asio::awaitable<void> sleep(std::chrono::milliseconds time);
    [[nodiscard]] bool is_limited(container_info const& info) const;
    void tried(std::optional<error> reason);

    docker_source_options const& options_;
    line_inbox& inbox_;
    std::optional<net::http_target> engine_;  // from start() on
    std::string const own_id_;
    log_limit trouble_;
    log_limit log_trouble_;
    std::map<std::string, std::shared_ptr<followed>> following_;  // the network thread's

    stage_health health_{error{errc::not_connected, "the engine was not asked yet"}};

    ended_logs ended_;
    std::atomic<std::size_t> containers_{0};
    std::atomic<std::uint64_t> cut_off_{0};
    std::atomic<std::uint64_t> throttled_reads_{0};

    // The coroutines that are left go with the context, before what they use.
    boost::asio::io_context io_{1};
    boost::asio::steady_timer pause_{io_};
    boost::asio::steady_timer room_{io_};
    std::jthread thread_;
};

}  // namespace logpipe::docker
