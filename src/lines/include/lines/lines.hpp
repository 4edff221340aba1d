// What all sources of lines share, whatever their bytes come from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace logpipe::lines {

/// What every source of lines shares. A line becomes an event: its bytes without the line end, the tag, an id.
struct line_options {
    std::string tag = "app.follow";
    /// Names this run. Ids are made of it and of the byte range, so another start with the same one repeats the same
    /// events instead of adding new ones. Empty: a new one.
    std::string run_id{};
    std::size_t line_bytes_max = std::size_t{8} << 20U;  ///< a longer line is rejected to the dead letters, cut to this
};

/// A new run id: the start's time and 48 random bits, "20260131T013139Z-9f0c2b7a6d31".
[[nodiscard]] std::string make_run_id();
/// The time in a run id, which every event of the run carries (a repeat must be equal to the byte); 0 where it has
/// none.
[[nodiscard]] std::int64_t run_time_ns(std::string_view run_id) noexcept;

}  // namespace logpipe::lines
