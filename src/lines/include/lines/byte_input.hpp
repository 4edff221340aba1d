// Where a source of lines gets its bytes.
#pragma once

#include "logpipe/result.hpp"
#include "logpipe/stage.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logpipe::lines {

/// The next bytes, which hold until the next call, or that no more will come.
struct input_piece {
    std::string_view bytes;
    bool end = false;
};

struct input_size {
    std::uint64_t total = 0;  ///< above 0
    source_progress::measure unit = source_progress::measure::bytes;
};

/// One thread calls everything but wake(), size() and status().
class byte_input {
  public:
    virtual ~byte_input() = default;

    /// Also called after read() failed in a way that may pass; continues where it was.
    [[nodiscard]] virtual result<> open() = 0;
    /// @return none at `until` or after wake().
    [[nodiscard]] virtual result<std::optional<input_piece>> read(steady_time until) = 0;
    /// Whether another run would get the same bytes. What would not come a second time is passed on as soon as it is
    /// there, and when the source is stopped.
    [[nodiscard]] virtual bool repeatable() const = 0;
    virtual void wake() = 0;
    /// How much there is to read; none where it has no end or does not know.
    [[nodiscard]] virtual std::optional<input_size> size() const = 0;
    /// name and retries; the source adds its metrics.
    [[nodiscard]] virtual stage_status status() const = 0;
};

}  // namespace logpipe::lines
