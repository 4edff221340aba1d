// The record of a line: {"service":…,"container":…,"container_id":…,"stream":…,"line":…}.
#pragma once

#include "engine_json.hpp"
#include "log_decoder.hpp"

#include <array>
#include <string>
#include <string_view>

namespace logpipe::docker {

/// Makes the records of one container, in a buffer that it keeps. One thread.
class line_record final {
  public:
    explicit line_record(container_info const& of);

    /// Holds until the next call.
    [[nodiscard]] std::string_view of(engine_line const& line);

  private:
    std::array<std::string, 2> fronts_;  // by stream, up to the line
    std::string record_;
    std::string clean_;
};

}  // namespace logpipe::docker
