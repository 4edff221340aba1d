// What the tests of a running web server begin with.
#pragma once

#include "support/catch.hpp"
#include "web/web.hpp"

#include <memory>
#include <utility>

namespace logpipe::web {

[[nodiscard]] inline std::unique_ptr<web_server> start(web_options options) {
    auto server = start_web_server(std::move(options));
    REQUIRE(server.has_value());
    return *std::move(server);
}

}  // namespace logpipe::web
