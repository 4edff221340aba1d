// A line of a container's log.
#pragma once

#include <string_view>

namespace logpipe::loki {

/// A line with where it comes from; what is not known is empty.
struct log_entry {
    std::string_view service;
    std::string_view container;
    std::string_view container_id;
    std::string_view stream;
    std::string_view line;
    std::string_view level;
};

}  // namespace logpipe::loki
