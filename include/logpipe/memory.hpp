// What a process holds of what it is given, as status, metrics and page show it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace logpipe {

struct held_memory {
    std::string holder;  ///< "pumps", "forward messages", …
    std::uint64_t bytes = 0;
};

struct memory_status {
    std::uint64_t bytes_max = 0;  ///< of all holders; above it clients and sources wait. 0: no limit
    std::uint64_t waits = 0;      ///< times that one began to wait
    std::vector<held_memory> holders;
};

}  // namespace logpipe
