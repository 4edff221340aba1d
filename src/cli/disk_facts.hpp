// The machine and the disk that a folder lies on, in words for a report.
#pragma once

#include "logpipe/result.hpp"

#include <string>

namespace logpipe::cli {

struct disk_facts {
    static constexpr int syncs = 31;
    std::string machine;  ///< "Linux 6.1.0 x86_64, 2 processors"
    std::string kind;     ///< "ext4"
    std::string mount;    ///< "/var"
    double sync_ms = 0;   ///< median time of an fdatasync(2) after 4 KiB were added
};

/// Writes a file there, and removes it.
[[nodiscard]] result<disk_facts> facts_of_disk(std::string const& folder);

}  // namespace logpipe::cli
