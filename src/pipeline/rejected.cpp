#include "rejected.hpp"

#include "base/assert.hpp"
#include "base/clock.hpp"

#include <fmt/format.h>

namespace logpipe {

std::vector<dead_letter> letters_of(batch const& events, std::size_t first) {
    std::vector<dead_letter> letters;
    for (auto i = first; i < events.rejections.size(); ++i) {
        auto const& why = events.rejections[i];
        auto const& row = events.events[why.event];
        letters.push_back({.id = row.id,
                           .stage = why.stage,
                           .reason = why.reason,
                           .origin = fmt::format("{} offset {}", events.origin, row.offset),
                           .tag = events.tags[row.tag],
                           .time_ns = now_ns(),
                           .event_time_ns = row.time_ns,
                           .received_ns = row.received_ns,
                           .record = std::string{events.record(row)}});
    }
    return letters;
}

void reject_rest(batch& events, error const& why) {
    bool any = false;
    for (std::uint32_t i = 0; i < events.events.size(); ++i) {
        if (events.events[i].rejected) continue;
        events.reject(i, "sink", why.message);
        any = true;
    }
    LOGPIPE_ASSERT(any);
}

}  // namespace logpipe
