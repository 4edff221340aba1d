#include "shared_mark.hpp"

#include <algorithm>

namespace logpipe::journal {

synced_mark shared_mark::get() const {
    mutex_lock lock{mutex_};
    return mark_;
}

void shared_mark::publish(synced_mark const& mark) {
    mutex_lock lock{mutex_};
    mark_ = mark;
    changed_.notify_all();
}

void shared_mark::wait(synced_mark const& seen, std::chrono::steady_clock::time_point until,
                       std::function<bool()> const& stop_waiting) {
    mutex_lock lock{mutex_};
    changed_.wait_until(lock, until, [&]() LOGPIPE_REQUIRES(mutex_) { return mark_ != seen || stop_waiting(); });
}

void shared_mark::notify() {
    mutex_lock lock{mutex_};
    changed_.notify_all();
}

void shared_mark::add_gap(std::uint64_t begin, std::uint64_t end) {
    mutex_lock lock{mutex_};
    // Each group's reader meets the same damage.
    bool const known = std::ranges::any_of(gaps_, [&](gap const& g) { return g.begin <= begin && g.end >= end; });
    if (!known && begin < end) gaps_.push_back({begin, end});
}

std::uint64_t shared_mark::events_from(std::uint64_t offset) const {
    mutex_lock lock{mutex_};
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
