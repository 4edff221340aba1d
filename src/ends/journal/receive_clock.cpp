#include "receive_clock.hpp"

#include "core/clock.hpp"
#include "core/log.hpp"

#include <algorithm>

namespace logpipe::journal {

receive_clock::receive_clock(std::string name, environment const& world)
    : name_{std::move(name)}, watch_{name_, world.now, world.running} {}

void receive_clock::not_before(std::int64_t newest_ns) noexcept {
    newest_ns_ = std::max(newest_ns_, newest_ns);
}

std::int64_t receive_clock::now() {
    auto const now = watch_.look();
    auto const is_behind = now + worth_saying_ns < newest_ns_;
    if (is_behind && !is_behind_)
        log_warn(
            "{}: the clock says {}, which is {} s before the newest event: until it has passed that event's time, {}, "
            "new events get that time",
            name_, iso_time(now), (newest_ns_ - now) / 1'000'000'000, iso_time(newest_ns_));
    is_behind_ = is_behind;
    newest_ns_ = std::max(newest_ns_, now);
    return newest_ns_;
}

std::optional<std::int64_t> receive_clock::older_than(std::int64_t age_ns) {
    auto const now = watch_.look();
    if (!watch_.tells_age()) return std::nullopt;
    return now - age_ns;
}

}  // namespace logpipe::journal
