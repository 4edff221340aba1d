#include "core/jump_watch.hpp"

#include "core/log.hpp"

#include <utility>

namespace logpipe {

jump_watch::jump_watch(std::string name, wall_clock wall, wall_clock running)
    : name_{std::move(name)},
      wall_{std::move(wall)},
      running_{std::move(running)},
      difference_ns_{wall_() - running_()} {}

std::int64_t jump_watch::look() {
    auto const now = wall_();
    auto const running = running_();
    auto const step = now - running - difference_ns_;
    difference_ns_ = now - running;
    if (step <= jump_ns) return now;
    ++jumps_;
    distrusted_until_ns_ = running + distrust_ns;
    log_warn(
        "{}: the clock jumped forward by {} s, to {}: nothing is deleted by its age for a day; set the clock right",
        name_, step / 1'000'000'000, iso_time(now));
    return now;
}

}  // namespace logpipe
