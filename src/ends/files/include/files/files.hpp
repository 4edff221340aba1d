// Lines of files, standard input and output.
#pragma once

#include "lines/lines.hpp"
#include "logpipe/descriptor.hpp"
#include "logpipe/stage.hpp"

#include <memory>
#include <string>

namespace logpipe::files {

/// `path` "-" is standard input.
[[nodiscard]] std::unique_ptr<source> make_file_source(std::string path, lines::line_options options);

/// Payloads as lines; `path` "-" is standard output. Safe means written and, for a file, on disk.
[[nodiscard]] std::unique_ptr<sink> make_line_sink(std::string path);

extern end_descriptor const files_end;

}  // namespace logpipe::files
