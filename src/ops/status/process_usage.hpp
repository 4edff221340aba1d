// What the kernel knows of this process.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace logpipe::status {

struct process_usage {
    double cpu_seconds = 0.0;  ///< user and system, all threads
    std::uint64_t resident_bytes = 0;
};

/// None without /proc.
[[nodiscard]] std::optional<process_usage> read_process_usage();

/// The same from the text of /proc/PID/stat (proc(5)).
[[nodiscard]] std::optional<process_usage> parse_process_stat(std::string_view text, double ticks_per_second,
                                                              std::uint64_t page_bytes);

}  // namespace logpipe::status
