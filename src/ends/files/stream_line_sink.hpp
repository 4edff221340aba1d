// Lines written to a descriptor that only takes them: standard output, a pipe, a terminal, a device.
#pragma once

#include "logpipe/stage.hpp"

#include <memory>
#include <string>

namespace logpipe::files {

/// `path` "-" is standard output.
[[nodiscard]] std::unique_ptr<sink> make_stream_line_sink(std::string path);

}  // namespace logpipe::files
