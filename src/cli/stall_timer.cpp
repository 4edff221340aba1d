#include "stall_timer.hpp"

namespace logpipe::cli {

using std::chrono::steady_clock;

stall_timer::stall_timer(std::chrono::milliseconds time_max) : time_max_{time_max}, since_{steady_clock::now()} {}

bool stall_timer::expired(pump_snapshot const& now) {
    if (time_max_ == time_max_.zero()) return false;
    auto const safe = now.book.counts.in - now.book.not_safe();
    bool const nothing_to_do = now.book.not_safe() == 0 && now.stages.back().up;
    if (safe != safe_before_ || nothing_to_do) {
        safe_before_ = safe;
        since_ = steady_clock::now();
    }
    return steady_clock::now() - since_ > time_max_;
}

}  // namespace logpipe::cli
