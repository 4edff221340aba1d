// Events to different sinks by their tags.
#pragma once

#include "logpipe/stage.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::runtime {

/// A sink that sends each event on by its tag. A tag that no route matches is rejected: "no route for tag …".
struct route {
    std::string pattern;  ///< as in Fluentd: `*` is one part, `**` any number of parts, parts are cut at "."
    std::unique_ptr<sink> to;
    bool leads_away = false;  ///< what is safe there is counted as routed, not as indexed
};
[[nodiscard]] std::unique_ptr<sink> make_router(std::vector<route> routes);
[[nodiscard]] bool tag_matches(std::string_view pattern, std::string_view tag) noexcept;

}  // namespace logpipe::runtime
