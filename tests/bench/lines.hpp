// What the parts work on.
#pragma once

#include "logpipe/event.hpp"

#include "../support/nginx_lines.hpp"

#include <cstdint>

namespace logpipe::bench {

/// Lines of a server in one chunk, received and with ids.
inline batch nginx_batch(std::uint32_t lines) {
    batch events;
    auto const tag = events.tag_index("app.follow");
    event_id const chunk{.high = 0x0123456789abcdef, .low = 0xfedcba9800000000};
    for (std::uint32_t i = 0; i < lines; ++i) {
        auto& row = events.append(tag, chunk.at(i), 1'769'823'099'995'000'000, test::nginx_line(i));
        row.received_ns = row.time_ns;
    }
    return events;
}

}  // namespace logpipe::bench
