// Loki by its push API: https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs
#pragma once

#include "logpipe/descriptor.hpp"
#include "logpipe/stage.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace logpipe::loki {

struct loki_sink_options {
    std::string address = "localhost:3100";  ///< HOST:PORT, or several of one Loki separated by commas
    bool tls = false;
    std::string ca_file;
    std::string certificate_file;  ///< to show to the server, with key_file
    std::string key_file;
    bool insecure_skip_verify = false;
    std::string tenant;    ///< X-Scope-OrgID; empty: not sent
    std::string username;  ///< basic authentication
    std::string password;
    std::string password_file;  ///< its file, reloaded on SIGHUP; empty: none
    std::size_t push_bytes_max = std::size_t{1}
                                 << 20U;           ///< records of one request; the batch that passes it is the last
    std::chrono::milliseconds push_age_max{1000};  ///< how long a line waits for others to go with it
    std::size_t waiting_bytes_max = std::size_t{32} << 20U;  ///< taken and not yet accepted; write() waits above it
    std::size_t streams_max = 2'000;  ///< label sets in use; lines of further ones share the streams of "other"
    bool structured_metadata = true;  ///< send the container's id with each line (Loki ≥ 3, schema v13)
    std::chrono::milliseconds connect_timeout{10'000};
    std::chrono::milliseconds request_timeout{30'000};
};

/// Labels: `service`, `container`, `stream`, `level` (detected in the line) and `topic` (= service). A payload that is
/// a record of make_docker_source() gives its line; any other is a line as it is, its tag the service. One request at a
/// time, so the order within a stream is kept. What Loki's rules reject (400) is counted by reason, logged and dropped;
/// a stream that Loki throttles (429) waits while the others continue; everything else is retried until it is accepted:
/// docs/internals/container-logs.md.
[[nodiscard]] std::unique_ptr<sink> make_loki_sink(loki_sink_options options);

extern end_descriptor const loki_end;

}  // namespace logpipe::loki
