// What the Engine API says, as values. Keys that are missing or of another type are an error, others are skipped.
#pragma once

#include "logpipe/result.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::docker {

struct container_info {
    std::string id;  ///< 64 hexadecimal digits
    std::string name;
    std::string service;  ///< the compose service, else the name
    std::string image;
    bool terminal = false;
    bool running = false;
    bool restarting = false;  ///< running as well, to the engine
    std::string started_at;   ///< which of its runs this is
};

struct engine_event {
    std::string action;  ///< "start", "destroy", …
    std::string id;
};

/// GET /containers/json. @return the ids.
[[nodiscard]] result<std::vector<std::string>> parse_container_list(std::string_view json);
/// GET /containers/ID/json.
[[nodiscard]] result<container_info> parse_container(std::string_view json);
/// One object of GET /events.
[[nodiscard]] result<engine_event> parse_engine_event(std::string_view json);
/// What a response with an error status says, on one line.
[[nodiscard]] std::string parse_engine_message(std::string_view body);
/// The value of `filters=`, percent-encoded.
[[nodiscard]] std::string list_filters(std::span<std::string const> labels);
[[nodiscard]] std::string event_filters(std::span<std::string const> labels);

}  // namespace logpipe::docker
