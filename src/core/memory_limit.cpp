#include "core/memory_limit.hpp"

#include <sys/sysinfo.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>

namespace logpipe {

namespace {

// cgroup v1 says so for "none": the largest multiple of a page.
constexpr std::uint64_t no_limit_min = std::uint64_t{1} << 62U;
constexpr std::uint64_t machine_part = 4;

void lower(std::optional<std::uint64_t>& limit, std::string const& path) {
    std::ifstream file{path};
    std::uint64_t bytes = 0;
    if (!(file >> bytes) || bytes >= no_limit_min) return;  // "max", or not there
    limit = std::min(limit.value_or(bytes), bytes);
}

}  // namespace

std::optional<std::uint64_t> control_group_memory(std::string const& groups, std::string const& mounted_at) {
    std::optional<std::uint64_t> limit;
    std::istringstream lines{groups};
    for (std::string line; std::getline(lines, line);) {
        auto const controllers = line.find(':') + 1;
        auto const path_at = line.find(':', controllers);
        if (controllers == 0 || path_at == std::string::npos) continue;
        auto const names = std::string_view{line}.substr(controllers, path_at - controllers);
        bool const is_v2 = names.empty();
        if (!is_v2 && names != "memory") continue;
        auto const root = is_v2 ? mounted_at : mounted_at + "/memory";
        auto const* const name = is_v2 ? "/memory.max" : "/memory.limit_in_bytes";
        // A container may see its own group as the root, whatever its path is outside.
        for (auto path = line.substr(path_at + 1);; path.resize(std::min(path.rfind('/'), path.size()))) {
            lower(limit, root + (path == "/" ? "" : path) + name);
            if (path.empty() || path == "/") break;
        }
        lower(limit, root + name);
    }
    return limit;
}

std::uint64_t usable_memory() {
    std::ifstream file{"/proc/self/cgroup"};
    std::string const groups{std::istreambuf_iterator<char>{file}, {}};
    struct sysinfo machine{};
    auto const all = sysinfo(&machine) == 0 ? std::uint64_t{machine.totalram} * machine.mem_unit : 0;
    auto const limit = control_group_memory(groups, "/sys/fs/cgroup");
    return limit && (all == 0 || *limit < all) ? *limit : all / machine_part;
}

}  // namespace logpipe
