#include "core/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace logpipe {

void assertion_failed(char const* what, char const* file, int line) noexcept {
    std::fprintf(stderr, "logpipe: a bug: %s does not hold at %s:%d\n", what, file, line);
    std::abort();
}

}  // namespace logpipe
