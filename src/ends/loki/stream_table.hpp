// Which streams (label sets) we have in use. Loki keeps each in memory and limits their number, so we do before it: a
// program that makes a container a job would otherwise stop all logs.
#pragma once

#include "logpipe/stage.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

namespace logpipe::loki {

/// One thread.
class stream_table final {
  public:
    /// A stream that had no line for so long makes room for another. Loki lets go of them likewise (chunk_idle_period).
    static constexpr std::chrono::minutes idle{30};

    explicit stream_table(std::size_t count_max) : count_max_{count_max} {}

    /// @return false when the stream would be one too many.
    [[nodiscard]] bool admit(std::string_view labels, steady_time now);
    [[nodiscard]] std::size_t count() const noexcept { return last_used_.size(); }

  private:
    struct text_hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
    };

    std::size_t const count_max_;
    std::unordered_map<std::string, steady_time, text_hash, std::equal_to<>> last_used_;
    steady_time swept_;
};

}  // namespace logpipe::loki
