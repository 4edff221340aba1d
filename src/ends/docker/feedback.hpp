// Shipping a line makes this process, and Loki, log lines of their own; those are containers' logs as well. They are
// read at a bounded rate: what is above it waits in the engine, so nothing is lost and nothing grows.
#pragma once

#include "logpipe/stage.hpp"

#include <chrono>
#include <span>
#include <string>
#include <string_view>

namespace logpipe::docker {

/// A bucket of tokens that one second fills. It may be overdrawn: lines come in pieces. One thread.
class line_allowance final {
  public:
    line_allowance(double lines_per_second, steady_time now) : rate_{lines_per_second}, left_{rate_}, at_{now} {}

    void spend(double lines, steady_time now) noexcept;
    /// How long to wait before the next piece is read; 0 = no wait.
    [[nodiscard]] std::chrono::milliseconds wait(steady_time now) noexcept;

  private:
    void refill(steady_time now) noexcept;

    double rate_;
    double left_;
    steady_time at_;
};

/// The id in /proc/self/mountinfo of the container that this process runs in; empty where it runs in none.
[[nodiscard]] std::string container_id_in(std::string_view mountinfo);
[[nodiscard]] std::string own_container_id();

/// "grafana/loki:3.5.1" and the like.
[[nodiscard]] bool is_loki_image(std::string_view image) noexcept;

}  // namespace logpipe::docker
