// The source of lines that file, URL and demo share: bytes in, chunks of events out.
#pragma once

#include "lines/byte_input.hpp"
#include "lines/line_chunker.hpp"
#include "lines/lines.hpp"
#include "logpipe/stage.hpp"

#include <memory>
#include <string>

namespace logpipe::lines {

struct line_source_options {
    line_options lines;
    chunk_limits limits;
    std::string origin;  ///< for people and for the identity: "file access.log"
};

[[nodiscard]] std::unique_ptr<source> make_line_source(std::unique_ptr<byte_input> input, line_source_options options);

}  // namespace logpipe::lines
