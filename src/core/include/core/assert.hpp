// A bug is not an error: it stops the program, in every build.
#pragma once

namespace logpipe {

[[noreturn]] void assertion_failed(char const* what, char const* file, int line) noexcept;

}  // namespace logpipe

#define LOGPIPE_ASSERT(condition) \
    ((condition) ? static_cast<void>(0) : ::logpipe::assertion_failed(#condition, __FILE__, __LINE__))
