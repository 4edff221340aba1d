// Tells a clock that was set from time that passed. What deletes by age asks it: a wrong clock must not empty a
// journal or a store.
#pragma once

#include "core/clock.hpp"

#include <cstdint>
#include <string>

namespace logpipe {

/// One thread at a time.
class jump_watch final {
  public:
    /// A step of the clock below this is nothing: servers are set right by less, and no age is that short.
    static constexpr std::int64_t jump_ns = 3'600'000'000'000;
    /// How long nothing is old after a jump forward.
    static constexpr std::int64_t distrust_ns = 24 * jump_ns;

    /// @param name     who says so in the log
    /// @param running  goes on while the machine sleeps, and is never set
    explicit jump_watch(std::string name, wall_clock wall = now_ns, wall_clock running = running_time_ns);

    /// The time of day. A jump forward since the last look is reported.
    [[nodiscard]] std::int64_t look();
    /// False for a day after a jump forward: the clock does not say what is old.
    [[nodiscard]] bool tells_age() const { return running_() >= distrusted_until_ns_; }
    [[nodiscard]] std::uint64_t jumps() const noexcept { return jumps_; }

  private:
    std::string name_;
    wall_clock wall_;
    wall_clock running_;
    std::int64_t difference_ns_;
    std::int64_t distrusted_until_ns_ = 0;
    std::uint64_t jumps_ = 0;
};

}  // namespace logpipe
