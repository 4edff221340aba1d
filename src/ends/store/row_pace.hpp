// How many rows a request reads, so that it ends in time whatever a row costs.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace logpipe::store {

/// Rows `first` to `last` of the documents.
struct row_range {
    std::int64_t first = 1;
    std::int64_t last = 0;

    [[nodiscard]] bool empty() const noexcept { return first > last; }
    [[nodiscard]] std::int64_t count() const noexcept { return empty() ? 0 : last - first + 1; }
};

/// Rows are read a portion at a time. The first one is small and always read; what those before it took says
/// how large the next may be: rows that must come from a disk first cost a hundred times those that are in memory.
class row_pace final {
  public:
    row_pace(std::int64_t rows_first, std::chrono::milliseconds time) noexcept
        : begin_{clock::now()}, end_{begin_ + time}, next_{rows_first}, least_{rows_first} {}

    /// 0: the time is up.
    [[nodiscard]] std::int64_t next() noexcept;

  private:
    using clock = std::chrono::steady_clock;

    clock::time_point const begin_;
    clock::time_point const end_;
    std::int64_t next_;
    std::int64_t const least_;
    std::int64_t done_ = 0;
};

/// At most `most` rows of `rows` that are next to those `counted` so far: newer ones first, then older ones until
/// `counted_max` are counted.
/// @return none when all were read
[[nodiscard]] std::optional<row_range> next_portion(row_range counted, row_range rows, std::int64_t most,
                                                    std::int64_t counted_max) noexcept;
/// Of two that are next to each other.
[[nodiscard]] row_range joined(row_range a, row_range b) noexcept;

}  // namespace logpipe::store
