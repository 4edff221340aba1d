// What every source of lines counts.
#pragma once

#include "logpipe/metric.hpp"

#include <vector>

namespace logpipe::lines::metrics {

inline constexpr auto size_bytes =
    gauge("source_size_bytes", "Size of the file or download; absent where it is not known.");
inline constexpr auto size_lines =
    gauge("source_size_lines", "Number of lines that the demo generates; absent where it has no end.");
inline constexpr auto read_bytes = counter("source_read_bytes_total", "Bytes of lines read.");
inline constexpr auto empty_lines = counter("source_empty_lines_total", "Empty lines, which are skipped.");
inline constexpr auto cut_lines =
    counter("source_cut_lines_total", "Lines longer than --line-bytes-max, cut to it; each is a dead letter.");
inline constexpr auto hole_bytes =
    counter("source_hole_bytes_total", "Bytes in long runs of NUL, as copytruncate leaves them; each run is a line.");

/// @param size  by which it says how much there is to read
[[nodiscard]] inline std::vector<metric> of_source(metric const& size) {
    return {size, read_bytes, empty_lines, cut_lines, hole_bytes};
}

}  // namespace logpipe::lines::metrics
