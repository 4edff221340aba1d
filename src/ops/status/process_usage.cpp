#include "process_usage.hpp"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace logpipe::status {

std::optional<process_usage> parse_process_stat(std::string_view text, double ticks_per_second,
                                                std::uint64_t page_bytes) {
    // The second field is the program's name in parentheses, and may itself hold both spaces and parentheses.
    auto const name_end = text.rfind(')');
    if (name_end == std::string_view::npos) return std::nullopt;
    std::istringstream fields{std::string{text.substr(name_end + 1)}};
    auto const skip = [&](int count) {
        std::string ignored;
        for (int i = 0; i < count; ++i) fields >> ignored;
    };
    std::uint64_t user_ticks = 0;
    std::uint64_t system_ticks = 0;
    std::uint64_t resident_pages = 0;
    skip(11);  // fields 3 to 13
    fields >> user_ticks >> system_ticks;
    skip(8);  // fields 16 to 23
    fields >> resident_pages;
    if (!fields) return std::nullopt;
    return process_usage{.cpu_seconds = static_cast<double>(user_ticks + system_ticks) / ticks_per_second,
                         .resident_bytes = resident_pages * page_bytes};
}

std::optional<process_usage> read_process_usage() {
    std::ifstream file{"/proc/self/stat"};
    std::string line;
    if (!std::getline(file, line)) return std::nullopt;
    return parse_process_stat(line, static_cast<double>(sysconf(_SC_CLK_TCK)),
                              static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)));
}

}  // namespace logpipe::status
