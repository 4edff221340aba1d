// A batch as lines of text, as the line sinks write it.
#pragma once

#include "logpipe/event.hpp"

#include <string>

namespace logpipe::files {

/// Appends the payload of every event that was not rejected, each with a line end.
void append_lines(batch const& events, std::string& out);

/// Fills in what became of a batch whose lines are all safe.
void count_written(batch& events) noexcept;

}  // namespace logpipe::files
