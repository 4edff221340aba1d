#include "rejected.hpp"

#include "core/assert.hpp"
#include "logpipe/dead_letter.hpp"

#include <fmt/format.h>

namespace logpipe::runtime {

namespace {

// Of the dead letters that are made at a time.
constexpr std::size_t letters_bytes_max = std::size_t{4} << 20U;

}  // namespace

std::vector<dead_letter> letters_of(batch const& events, std::size_t first, std::int64_t now_ns) {
    std::vector<dead_letter> letters;
    std::size_t bytes = 0;
    for (auto i = first; i < events.rejections.size() && (letters.empty() || bytes < letters_bytes_max); ++i) {
        auto const& reason = events.rejections[i];
        auto const& row = events.events[reason.event];
        letters.push_back({.id = row.id,
                           .stage = reason.stage,
                           .reason = reason.reason,
                           .origin = fmt::format("{} offset {}", events.origin, row.offset),
                           .tag = events.tags[row.tag],
                           .time_ns = now_ns,
                           .event_time_ns = row.time_ns,
                           .received_ns = row.received_ns,
                           .entries = reason.entries,
                           .record = std::string{events.record(row)}});
        bytes += bytes_of(letters.back());
    }
    return letters;
}

void reject_rest(batch& events, error const& reason) {
    bool any = false;
    for (std::uint32_t i = 0; i < events.events.size(); ++i) {
        if (events.events[i].rejected) continue;
        events.reject(i, "sink", reason.message);
        any = true;
    }
    LOGPIPE_ASSERT(any);
}

}  // namespace logpipe::runtime
