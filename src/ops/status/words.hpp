// Figures as people read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace logpipe::status {

/// "51,462".
[[nodiscard]] std::string grouped(std::uint64_t number);
/// "512 B", "1.5 MiB".
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);
/// "0.4 ms", "12 ms", "2.5 s", "3 min 20 s", "2 h 5 min", "3 d 4 h".
[[nodiscard]] std::string time_text(double seconds);
/// "1 member", "2 members".
[[nodiscard]] std::string counted(std::uint64_t number, std::string_view one);

}  // namespace logpipe::status
