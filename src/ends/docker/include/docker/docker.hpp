// Container logs by the Docker Engine API over its Unix socket: https://docs.docker.com/reference/api/engine/
#pragma once

#include "logpipe/descriptor.hpp"
#include "logpipe/stage.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace logpipe::docker {

struct docker_source_options {
    std::string socket = "/var/run/docker.sock";
    std::vector<std::string>
        labels;  ///< "KEY" or "KEY=VALUE"; a container must have all of them; none: every container
    std::string positions_file =
        "logpipe-data/ship.json";  ///< where the position in each container's log is kept; empty: it is not
    std::size_t line_bytes_max = std::size_t{256}
                                 << 10U;  ///< a longer line continues in pieces of this; Loki's own limit
    std::size_t inbox_bytes_max = std::size_t{8} << 20U;  ///< read and not yet taken on; the engine waits above it
    /// Read and not yet committed. A container may have as much of it as is left, so one whose lines are not taken
    /// leaves room for the others; the engine keeps the rest.
    std::size_t unsafe_bytes_max = std::size_t{8} << 20U;
    std::chrono::milliseconds request_timeout{30'000};  ///< of requests whose responses come at once
    /// What would feed back into itself, because shipping a line makes it log one: its own container (found by itself),
    /// that of Loki, and these services or containers. They are read at a bounded rate; the engine keeps the rest.
    std::vector<std::string> limited_services;
    double limited_lines_per_second = 100.0;
};

/// Follows the containers that have the labels, as they come and go. An event is one line: its tag is the compose
/// service (else the container's name), its time the engine's, its record
/// {"service":…,"container":…,"container_id":…,"stream":"stdout"|"stderr","line":…}; bytes that are not UTF-8 become
/// U+FFFD. A container is a partition. commit() replaces the positions file; from there the next start continues,
/// exactly, unless the engine's clock was set back meanwhile: then lines are repeated.
[[nodiscard]] std::unique_ptr<source> make_docker_source(docker_source_options options);

extern end_descriptor const docker_end;

}  // namespace logpipe::docker
