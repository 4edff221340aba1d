// How much memory the system gives this process.
// https://docs.kernel.org/admin-guide/cgroup-v2.html and https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace logpipe {

/// The least limit of a control group and of those above it.
/// @param groups  what /proc/self/cgroup says
/// @param mounted_at  /sys/fs/cgroup
/// @return none where no limit is set
[[nodiscard]] std::optional<std::uint64_t> control_group_memory(std::string const& groups,
                                                                std::string const& mounted_at);

/// The control group's limit, else a quarter of the machine's memory.
[[nodiscard]] std::uint64_t usable_memory();

}  // namespace logpipe
