// Made-up nginx lines.
#pragma once

#include "lines/lines.hpp"
#include "logpipe/descriptor.hpp"
#include "logpipe/stage.hpp"

#include <cstdint>
#include <memory>

namespace logpipe::demo {

struct demo_options {
    std::uint64_t lines_max = 0;        ///< 0: without end
    double lines_per_second_max = 0.0;  ///< 0: as fast as the pipeline
    std::uint64_t seed = 1;
    bool serial = false;  ///< put a running "serial" into each line
    lines::line_options lines{};
};
[[nodiscard]] std::unique_ptr<source> make_demo_source(demo_options options);

extern end_descriptor const demo_end;

}  // namespace logpipe::demo
