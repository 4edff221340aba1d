// Opens the embedded store for the page.
#pragma once

#include "logpipe/dashboard.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace logpipe::store {

struct dashboard_options {
    std::string path;
    schema documents;  ///< that the store was made for
    std::size_t top_count = 10;
    /// Under a filter, documents are read from the newest on: at first so many, then more for `time_usual`, and
    /// at most so many, by all requests of one view.
    std::int64_t rows_first = 2'048;
    std::int64_t rows_max = 1'000'000;
    std::chrono::milliseconds time_usual{100};
    std::chrono::milliseconds time_max{10'000};           ///< for a call; then errc::timed_out
    std::size_t lines_bytes_max = std::size_t{1} << 20U;  ///< of lines(); the first line is given whatever its size
};
/// @return errc::not_found where the file does not exist, errc::invalid_argument where it is not a store of this
/// version and of these documents.
[[nodiscard]] result<std::unique_ptr<log_dashboard>> open_dashboard(dashboard_options options);

}  // namespace logpipe::store
