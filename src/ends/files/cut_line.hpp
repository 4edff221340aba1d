// Lines of a container's log file, which the runtime has cut at 16 KiB: of Kubernetes' CRI
//
//   2026-11-29T10:00:01.123456789Z stdout P TEXT           P: more follows; F: it is the last part
//
// and of Docker's json-file, whose text ends with a line end in the last part only
//
//   {"log":"TEXT\n","stream":"stdout","time":"2026-11-29T10:00:01.123456789Z"}
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace logpipe::files {

struct cut_line {
    bool is_json = false;
    bool is_last = true;
    std::string_view stream;
    std::size_t flag = 0;       ///< where the P is, or the F
    std::size_t log_begin = 0;  ///< of the text
    std::size_t log_end = 0;
};

/// @return none: it is of neither form
[[nodiscard]] std::optional<cut_line> read_cut_line(std::string_view line) noexcept;

}  // namespace logpipe::files
