// What `tap` writes to standard output, and what it says of what is missing there.
#pragma once

#include "logpipe/tap.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace logpipe::cli {

struct tap_options {
    bool readable = false;
    std::uint64_t sample = 1;     ///< of events that are sampled here
    std::uint64_t count_max = 0;  ///< 0: no end
};

/// One thread. Standard output that cannot be written any more ends the tap like a reader that has seen enough.
class tap_printer final {
  public:
    explicit tap_printer(tap_options options) : options_{options} {}

    /// A line of /api/tap: an event, or how many were seen and dropped. @return false when no more are wanted.
    [[nodiscard]] bool take_line(std::string_view line);
    [[nodiscard]] bool take_event(tapped_event const& event);
    [[nodiscard]] bool take_batch(std::string_view where, batch const& events);
    /// Says what was not shown. @return the exit status
    [[nodiscard]] int end();

  private:
    [[nodiscard]] bool print(std::string_view line);

    tap_options const options_;
    std::uint64_t printed_ = 0;
    std::uint64_t seen_ = 0;
    std::uint64_t dropped_ = 0;
    std::uint64_t told_dropped_ = 0;
    std::uint64_t until_next_ = 0;
    bool broken_ = false;
};

}  // namespace logpipe::cli
