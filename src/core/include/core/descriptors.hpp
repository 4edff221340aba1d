// How many file descriptors the process may have open, and who may have how many: connections from outside must never
// take those that files, stores and our own connections need.
#pragma once

#include <cstdint>

namespace logpipe {

/// Raises this process's limit to what the system allows it. Before other threads start. @return the limit from then on
std::uint64_t raise_descriptor_limit() noexcept;
/// Of this process, as it is now.
[[nodiscard]] std::uint64_t descriptor_limit() noexcept;

struct descriptor_shares {
    /// 64 for files, stores and our own connections, and 8 for health checks of each HTTP server.
    static constexpr std::uint64_t kept = 64 + 2 * 8;

    std::uint64_t http_connections = 0;     ///< of each of at most two servers
    std::uint64_t forward_connections = 0;  ///< what is left of the limit
};
/// Of a process that may have so many. No share is 0, whatever the limit.
[[nodiscard]] descriptor_shares share_descriptors(std::uint64_t limit) noexcept;

}  // namespace logpipe
