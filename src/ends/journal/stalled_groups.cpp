#include "stalled_groups.hpp"

#include "cursor_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace logpipe::journal {

void stalled_groups::observe(std::vector<journal_cursor_info> const& cursors, std::uint64_t end,
                             std::chrono::steady_clock::time_point now) {
    std::map<std::string, position> seen;
    std::uint64_t stalled = 0;
    journal_cursor_info const* last = nullptr;
    for (auto const& each : cursors) {
        // A group that has read everything waits for events, not they for it.
        if (each.offset >= end) continue;
        position at{.offset = each.offset, .since = now};
        if (auto const known = positions_.find(each.group);
            known != positions_.end() && known->second.offset == at.offset)
            at.since = known->second.since;
        if (now - at.since >= stalled_after) {
            ++stalled;
            if (last == nullptr || each.offset < last->offset) last = &each;
        }
        seen.emplace(each.group, at);
    }
    positions_ = std::move(seen);
    count_.store(stalled, std::memory_order_relaxed);
    auto hint = last == nullptr ? std::string{}
                                : fmt::format(
                                      "the group {} has not moved from offset {} for {} minutes and more and keeps "
                                      "{} events: start its reader, or remove {} if there is none any more",
                                      last->group, last->offset, stalled_after.count(), end - last->offset,
                                      cursor_path(folder_, last->group));
    mutex_lock lock{mutex_};
    hint_ = std::move(hint);
}

std::string stalled_groups::hint() const {
    mutex_lock lock{mutex_};
    return hint_;
}

}  // namespace logpipe::journal
