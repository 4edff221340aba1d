// Makes memory short for the whole test program: operator new throws std::bad_alloc above a size.
#pragma once

#include <cstddef>

namespace logpipe::test {

/// From construction until destruction; one at a time.
class short_memory final {
  public:
    explicit short_memory(std::size_t largest_bytes) noexcept;
    ~short_memory();
    short_memory(short_memory const&) = delete;
    short_memory& operator=(short_memory const&) = delete;
};

}  // namespace logpipe::test
