// How a run that ends tells how far it is: a bar on a terminal, a line now and then elsewhere.
#pragma once

#include "logpipe/status.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace logpipe::cli {

/// One thread.
class progress_view final {
  public:
    progress_view();

    void tick(pump_snapshot const& now);
    /// Ends the bar's line and says what became of the run.
    void finish(pump_snapshot const& last);

  private:
    std::chrono::steady_clock::time_point const began_;
    std::chrono::steady_clock::time_point told_at_;
    bool const terminal_;
    std::uint64_t safe_before_ = 0;
    double rate_ = 0.0;
};

/// Of the whole source, 0 to 1; negative where its size is not known.
[[nodiscard]] double share_acked(pump_snapshot const& now);
/// "████░░░░ 42 %  21 600 lines  120 000/s  1 s left", as wide as asked for where the share is known.
[[nodiscard]] std::string progress_line(std::uint64_t safe, double share_or_negative, double rate);

}  // namespace logpipe::cli
