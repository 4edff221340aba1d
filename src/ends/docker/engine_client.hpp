// Requests to the engine's API, with errors that say what to do.
#pragma once

#include "engine_json.hpp"

#include "docker/docker.hpp"

#include "core/backoff.hpp"
#include "net/http_connection.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace logpipe::docker {

/// Between two attempts of the same request, and between two reads of one log.
inline constexpr backoff_options engine_retry_pace{.first = std::chrono::milliseconds{100},
                                                   .longest = std::chrono::milliseconds{5000}};

/// The network thread's. It outlives the connections and coroutines that it gives.
class engine_client final {
  public:
    using connection = std::unique_ptr<net::http_connection>;

    /// @return errc::invalid_argument for a socket path that can never work
    [[nodiscard]] static result<engine_client> make(docker_source_options const& options,
                                                    boost::asio::any_io_executor const& executor);

    /// The ids of the containers that have these labels.
    [[nodiscard]] boost::asio::awaitable<result<std::vector<std::string>>> list(std::vector<std::string> labels);
    /// @return errc::not_found where it does not exist any more
    [[nodiscard]] boost::asio::awaitable<result<container_info>> inspect(std::string id);
    /// A response that is streamed, once its head says that all is well.
    /// @return errc::rejected where the engine has no log to read
    [[nodiscard]] boost::asio::awaitable<result<connection>> start(std::string path, std::size_t read_bytes);

  private:
    engine_client(std::string socket, boost::asio::any_io_executor executor, net::http_target target)
        : socket_{std::move(socket)}, executor_{std::move(executor)}, target_{std::move(target)} {}

    [[nodiscard]] boost::asio::awaitable<result<net::http_response>> get(std::string path);
    [[nodiscard]] error explained(error failure) const;

    std::string socket_;
    boost::asio::any_io_executor executor_;
    net::http_target target_;
};

}  // namespace logpipe::docker
