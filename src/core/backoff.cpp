#include "core/backoff.hpp"

#include <algorithm>

namespace logpipe {

backoff::backoff(backoff_options options, std::uint64_t seed)
    : options_{options}, wait_{options.first}, random_{static_cast<std::minstd_rand::result_type>(seed)} {}

std::chrono::milliseconds backoff::next() {
    auto const whole = wait_;
    wait_ = std::min(wait_ * 2, options_.longest);
    std::uniform_int_distribution<std::int64_t> spread{whole.count() / 2, whole.count()};
    return std::chrono::milliseconds{spread(random_)};
}

}  // namespace logpipe
