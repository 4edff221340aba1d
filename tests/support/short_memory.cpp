#include "support/short_memory.hpp"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> largest{SIZE_MAX};

}  // namespace

// In programs that use short_memory only: nobody else links this file.
void* operator new(std::size_t bytes) {
    if (bytes > largest.load(std::memory_order_relaxed)) throw std::bad_alloc{};
    if (auto* const memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
    throw std::bad_alloc{};
}
// Under AddressSanitizer this one would be its own, and what it gave would be freed by ours.
void* operator new(std::size_t bytes, std::nothrow_t const& /*tag*/) noexcept {
    if (bytes > largest.load(std::memory_order_relaxed)) return nullptr;
    return std::malloc(bytes == 0 ? 1 : bytes);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t /*bytes*/) noexcept {
    std::free(memory);
}

namespace logpipe::test {

short_memory::short_memory(std::size_t largest_bytes) noexcept {
    largest = largest_bytes;
}
short_memory::~short_memory() {
    largest = SIZE_MAX;
}

}  // namespace logpipe::test
