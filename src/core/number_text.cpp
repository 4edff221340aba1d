#include "core/number_text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>

namespace logpipe {

std::string number_text(double value) {
    constexpr double exact_max = 9'007'199'254'740'992.0;  // 2^53: all whole numbers below have a double of their own
    if (std::trunc(value) == value && std::abs(value) <= exact_max)
        return fmt::format("{}", static_cast<std::int64_t>(value));
    return fmt::format("{}", value);
}

}  // namespace logpipe
