#include "log_position.hpp"

#include <algorithm>

namespace logpipe::docker {

namespace {
// Two copiers in the engine take the times and write the log; how far one can lag the other is a matter of
// scheduling.
constexpr std::int64_t overlap_ns = 10'000'000'000;
}  // namespace

void container_position::pass(log_stream stream, std::int64_t time_ns) noexcept {
    if (time_ns == 0) return;
    auto& position = streams[static_cast<std::size_t>(stream)];
    if (position.time_ns == time_ns) {
        ++position.count;
    } else {
        position = {.time_ns = time_ns, .count = 1};
    }
}

std::int64_t container_position::since_ns() const noexcept {
    return std::max<std::int64_t>(0, std::max(streams[0].time_ns, streams[1].time_ns) - overlap_ns);
}

resume_filter::resume_filter(container_position const& from) noexcept {
    for (std::size_t i = 0; i < streams_.size(); ++i)
        streams_[i] = {.until = from.streams[i], .seen = 0, .caught_up = from.streams[i].time_ns == 0};
}

bool resume_filter::is_new(log_stream stream, std::int64_t time_ns) noexcept {
    auto& state = streams_[static_cast<std::size_t>(stream)];
    if (state.caught_up || time_ns == 0) return true;
    if (time_ns < state.until.time_ns) return false;
    if (time_ns == state.until.time_ns && state.seen < state.until.count) {
        ++state.seen;
        return false;
    }
    state.caught_up = true;
    return true;
}

}  // namespace logpipe::docker
