#include "intake.hpp"

#include <utility>

namespace logpipe::kafka {

namespace {

constexpr std::size_t spare_count_max = 16;
/// A buffer that one huge message has grown is not kept.
constexpr std::size_t spare_bytes_max = 8 * batch::bytes_target;
/// Of one batch: a tag is found by a linear search.
constexpr std::size_t tags_max = 256;

std::size_t bytes_of(batch const& events) noexcept {
    return events.records.size() + events.events.size() * sizeof(event);
}

}  // namespace

batch& intake::filling::of(std::uint32_t number, std::string const& origin) {
    auto& open = into_.open_;
    auto& last = into_.last_used_;
    if (last >= open.size() || open[last].partition != number) {
        last = 0;
        while (last < open.size() && open[last].partition != number) ++last;
    }
    if (last < open.size() && !open[last].full() && open[last].tags.size() < tags_max) return open[last];
    if (last < open.size()) {
        into_.ready_bytes_ += bytes_of(open[last]);
        into_.ready_.push_back(std::exchange(open[last], into_.spare()));
    } else {
        open.push_back(into_.spare());
    }
    open[last].partition = number;
    open[last].origin = origin;
    return open[last];
}

batch intake::spare() {
    if (spare_.empty()) return {};
    auto buffer = std::move(spare_.back());
    spare_.pop_back();
    return buffer;
}

bool intake::full() const {
    return bytes() >= bytes_max_;
}

bool intake::closed() const {
    mutex_lock lock{mutex_};
    return closed_;
}

void intake::close() {
    mutex_lock lock{mutex_};
    closed_ = true;
    changed_.notify_all();
}

void intake::wait_for_room(std::chrono::milliseconds time) {
    mutex_lock lock{mutex_};
    auto const before = ready_.size() + open_.size();
    changed_.wait_for(lock, time, [&]() LOGPIPE_REQUIRES(mutex_) { return ready_.size() + open_.size() < before; });
}

intake::taken intake::take(batch& into, steady_time until) {
    mutex_lock lock{mutex_};
    changed_.wait_until(lock, until, [&]() LOGPIPE_REQUIRES(mutex_) { return has_events() || closed_ || woken_; });
    woken_ = false;
    if (!has_events()) return closed_ ? taken::closed_and_empty : taken::nothing;
    // A full batch of an assignment is older than its open one.
    if (!ready_.empty()) {
        ready_bytes_ -= bytes_of(ready_.front());
        std::swap(into, ready_.front());
        if (spare_.size() < spare_count_max && ready_.front().bytes() <= spare_bytes_max)
            spare_.push_back(std::move(ready_.front()));
        ready_.pop_front();
    } else {
        std::swap(into, open_.front());
        spare_.push_back(std::move(open_.front()));
        open_.erase(open_.begin());
    }
    changed_.notify_all();
    return taken::events;
}

void intake::wake() {
    mutex_lock lock{mutex_};
    woken_ = true;
    changed_.notify_all();
}

std::size_t intake::bytes() const {
    mutex_lock lock{mutex_};
    auto sum = ready_bytes_;
    for (auto const& each : open_) sum += bytes_of(each);
    return sum;
}

std::uint64_t intake::events() const {
    mutex_lock lock{mutex_};
    std::uint64_t sum = 0;
    for (auto const& each : ready_) sum += each.events.size();
    for (auto const& each : open_) sum += each.events.size();
    return sum;
}

}  // namespace logpipe::kafka
