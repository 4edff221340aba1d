// Line-delimited ends: files, standard input and output, HTTP(S) downloads, and made-up nginx lines.
#pragma once

#include "logpipe/stage.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace logpipe {

/// What every source of lines shares. A line becomes an event: its bytes without the line end, the tag, an id.
struct line_options {
    std::string tag = "app.follow";
    /// Names this run. Ids are made of it and of the byte range, so starting again with the same one repeats the same
    /// events instead of adding new ones. Empty: a new one.
    std::string run_id{};
    std::size_t line_bytes_max = std::size_t{8} << 20U;  ///< a longer line is rejected to the dead letters, cut to this
};

/// A new run id: the start's time and 48 random bits, "20260131T013139Z-9f0c2b7a6d31".
[[nodiscard]] std::string make_run_id();
/// The time in a run id, which every event of the run carries (a repeat must be equal to the byte); 0 where it has
/// none.
[[nodiscard]] std::int64_t run_time_ns(std::string_view run_id) noexcept;

/// `path` "-" is standard input.
[[nodiscard]] std::unique_ptr<source> make_file_source(std::string path, line_options options);

struct http_source_options {
    std::string url;
    std::string ca_file;
    bool insecure_skip_verify = false;
    std::chrono::milliseconds connect_timeout{10'000};
    std::chrono::milliseconds idle_timeout{30'000};
    int redirects_max = 5;
    int resumes_max = 10;  ///< tries in a row without a new byte before giving up
    line_options lines{};
};
[[nodiscard]] std::unique_ptr<source> make_http_source(http_source_options options);

struct demo_options {
    std::uint64_t lines_max = 0;        ///< 0: without end
    double lines_per_second_max = 0.0;  ///< 0: as fast as the pipeline
    std::uint64_t seed = 1;
    bool serial = false;  ///< put a running "serial" into each line
    line_options lines{};
};
[[nodiscard]] std::unique_ptr<source> make_demo_source(demo_options options);

/// Payloads as lines; `path` "-" is standard output. Safe means written and, for a file, on disk.
[[nodiscard]] std::unique_ptr<sink> make_line_sink(std::string path);

}  // namespace logpipe
