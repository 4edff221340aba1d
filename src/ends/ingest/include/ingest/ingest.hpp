// Events by HTTP: POST /ingest with lines, NDJSON or a JSON array, as curl, Fluent Bit's http output and Vector's http
// sink send them. 200 says that all of it is safe; a request that is sent again makes the same ids.
#pragma once

#include "lines/lines.hpp"
#include "logpipe/descriptor.hpp"
#include "logpipe/stage.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace logpipe::ingest {

struct ingest_options {
    std::string listen;           ///< HOST:PORT; without HOST all addresses, port 0 takes a free one
    lines::line_options lines{};  ///< of them tag, where a request names none, and line_bytes_max
    std::string token;            ///< set: requests must bring it
    std::string token_file;       ///< its file, reloaded on SIGHUP; empty: none
    std::size_t body_bytes_max = std::size_t{16} << 20U;          ///< as it is sent
    std::size_t decompressed_bytes_max = std::size_t{64} << 20U;  ///< of a body
    std::uint32_t events_max = 1'000'000;                         ///< of a request
    std::size_t pending_bytes_max = std::size_t{64} << 20U;  ///< of all bodies, and of events not yet read by the pump
    std::size_t connections_max = 256;                       ///< further clients wait until one leaves
    std::chrono::milliseconds request_timeout{60'000};       ///< for TLS, and for a request to come
    std::chrono::milliseconds idle_timeout{60'000};          ///< between requests
    std::chrono::milliseconds safe_timeout{30'000};          ///< for its events to be safe
    std::string certificate_file;                            ///< set with key_file: TLS, reloaded on SIGHUP
    std::string key_file;
    std::string client_ca_file;
    std::function<void(std::uint16_t port)> listening{};  ///< called by open()
};

[[nodiscard]] std::unique_ptr<source> make_ingest_source(ingest_options options);

extern end_descriptor const ingest_end;

}  // namespace logpipe::ingest
