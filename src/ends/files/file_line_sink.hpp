// Lines appended to a regular file, on disk before they are called safe.
#pragma once

#include "core/file.hpp"
#include "logpipe/stage.hpp"

#include <memory>
#include <string>

namespace logpipe::files {

/// @param files  outlives the sink.
[[nodiscard]] std::unique_ptr<sink> make_file_line_sink(std::string path, file_system& files);

}  // namespace logpipe::files
