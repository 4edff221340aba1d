#include "disk_facts.hpp"

#include "core/file.hpp"

#include <fmt/format.h>

#include <sys/utsname.h>
#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

namespace logpipe::cli {

namespace {

std::string words_of_machine() {
    utsname name{};
    if (uname(&name) != 0) return "unknown";
    return fmt::format("{} {} {}, {} processors", name.sysname, name.release, name.machine,
                       std::thread::hardware_concurrency());
}

/// proc_pid_mounts(5): the mount whose path is the longest beginning of the folder's.
void find_mount(std::string const& folder, disk_facts& into) {
    std::error_code failed;
    auto const path = std::filesystem::canonical(folder, failed).string() + "/";
    std::ifstream mounts{"/proc/self/mounts"};
    std::string device;
    std::string at;
    std::string kind;
    std::string rest;
    while (mounts >> device >> at >> kind && std::getline(mounts, rest)) {
        auto const beginning = at.ends_with('/') ? at : at + "/";
        if (path.starts_with(beginning) && at.size() >= into.mount.size()) {
            into.mount = at;
            into.kind = kind;
        }
    }
}

result<double> median_sync_ms(std::string const& path) {
    auto& files = system_files();
    auto probe = files.open(path, file_access::create);
    if (!probe) return probe.error();
    std::string const block(4096, 'x');
    std::array<std::string_view, 1> const parts{block};
    std::array<double, disk_facts::syncs> times{};
    std::uint64_t offset = 0;
    for (auto& time : times) {
        if (auto written = (*probe)->write_at(offset, parts); !written) return written.error();
        offset += block.size();
        auto const begun = std::chrono::steady_clock::now();
        if (auto synced = (*probe)->sync_data(); !synced) return synced.error();
        time = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count();
    }
    std::ranges::nth_element(times, times.begin() + disk_facts::syncs / 2);
    if (auto removed = files.remove(path); !removed) return removed.error();
    return times[disk_facts::syncs / 2];
}

}  // namespace

result<disk_facts> facts_of_disk(std::string const& folder) {
    disk_facts facts;
    facts.machine = words_of_machine();
    find_mount(folder, facts);
    auto const sync_ms = median_sync_ms(folder + "/sync-probe");
    if (!sync_ms) return sync_ms.error();
    facts.sync_ms = *sync_ms;
    return facts;
}

}  // namespace logpipe::cli
