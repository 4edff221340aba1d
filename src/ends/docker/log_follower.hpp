// Follows the log of each container: reads it on from its position, whenever it ends, until the container has stopped.
#pragma once

#include "ended_logs.hpp"
#include "engine_client.hpp"
#include "feedback.hpp"
#include "line_inbox.hpp"

#include "docker/docker.hpp"

#include "core/log.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace logpipe::docker {

/// Followed by one coroutine at a time.
struct followed_container {
    std::string id;
    bool restarted = false;  // the engine said so after the log's end was last seen
};

/// The network thread's, but for describe(), which any thread may call.
class log_follower final {
  public:
    /// All of them outlive the follower.
    log_follower(boost::asio::io_context& io, docker_source_options const& options, line_inbox& inbox)
        : options_{options}, inbox_{inbox}, own_id_{own_container_id()}, room_{io} {}

    /// Until the container has stopped (a start makes an event) or does not exist any more.
    [[nodiscard]] boost::asio::awaitable<void> follow(engine_client& engine, std::shared_ptr<followed_container> one);
    void made_room() { room_.cancel(); }
    void describe(stage_status& into) const;

  private:
    [[nodiscard]] boost::asio::awaitable<void> follow_to_its_end(engine_client& engine,
                                                                 std::shared_ptr<followed_container> one,
                                                                 std::uint32_t partition);
    /// The container as it was when its log was begun. @return whether there is nothing more to follow.
    [[nodiscard]] boost::asio::awaitable<bool> is_over(engine_client& engine, std::shared_ptr<followed_container> one,
                                                       container_info before, steady_time begun);
    void note_end(container_info const& of, std::string_view reason, steady_time begun);
    [[nodiscard]] boost::asio::awaitable<result<>> read_log(engine_client& engine, container_info info,
                                                            std::uint32_t partition);
    [[nodiscard]] boost::asio::awaitable<void> wait_for_room(std::uint32_t partition);
    [[nodiscard]] boost::asio::awaitable<void> sleep(std::chrono::milliseconds time);
    [[nodiscard]] bool is_limited(container_info const& info) const;

    docker_source_options const& options_;
    line_inbox& inbox_;
    std::string const own_id_;
    boost::asio::steady_timer room_;  // cancelled to wake those that wait
    log_limit trouble_;
    ended_logs ended_;
    std::atomic<std::uint64_t> cut_off_{0};
    std::atomic<std::uint64_t> throttled_reads_{0};
};

}  // namespace logpipe::docker
