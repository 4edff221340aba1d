#include "synced_board.hpp"

#include <algorithm>

namespace logpipe::journal {

synced_mark synced_board::mark() const {
    std::lock_guard lock{mutex_};
    return mark_;
}

void synced_board::publish(synced_mark const& mark) {
    std::lock_guard lock{mutex_};
    mark_ = mark;
    changed_.notify_all();
}

void synced_board::wait(synced_mark const& seen, std::chrono::steady_clock::time_point until,
                        std::function<bool()> const& stop_waiting) {
    std::unique_lock lock{mutex_};
    changed_.wait_until(lock, until, [&] { return mark_ != seen || stop_waiting(); });
}

void synced_board::notify() {
    std::lock_guard lock{mutex_};
    changed_.notify_all();
}

void synced_board::add_gap(std::uint64_t begin, std::uint64_t end) {
    std::lock_guard lock{mutex_};
    // Each group's reader meets the same damage.
    bool const known = std::ranges::any_of(gaps_, [&](gap const& g) { return g.begin <= begin && g.end >= end; });
    if (!known && begin < end) gaps_.push_back({begin, end});
}

std::uint64_t synced_board::events_from(std::uint64_t offset) const {
    std::lock_guard lock{mutex_};
    if (offset >= mark_.offset) return 0;
    std::uint64_t count = mark_.offset - offset;
    for (auto const& g : gaps_) {
        auto const begin = std::max(g.begin, offset);
        auto const end = std::min(g.end, mark_.offset);
        if (begin < end) count -= std::min(count, end - begin);
    }
    return count;
}

}  // namespace logpipe::journal
