#include "core/descriptors.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace logpipe {

namespace {

constexpr std::uint64_t http_connections_usual = 256;
constexpr std::uint64_t http_part = 8;  // a server gets one in so many

}  // namespace

std::uint64_t descriptor_limit() noexcept {
    rlimit limit{};
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

std::uint64_t raise_descriptor_limit() noexcept {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);  // where the system refuses, what we have must do
    }
    return descriptor_limit();
}

descriptor_shares share_descriptors(std::uint64_t limit) noexcept {
    auto const left = limit > descriptor_shares::kept ? limit - descriptor_shares::kept : 0;
    auto const http = std::clamp<std::uint64_t>(left / http_part, 1, http_connections_usual);
    auto const forward = left > 2 * http ? left - 2 * http : 1;
    return {.http_connections = http, .forward_connections = forward};
}

}  // namespace logpipe
