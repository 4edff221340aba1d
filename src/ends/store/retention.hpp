// Old documents leave a little at a time, in the transactions that bring new ones: no pause, no second writer.
#pragma once

#include "handles.hpp"
#include "rollups.hpp"
#include "row_pace.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace logpipe::store {

struct retention_limits {
    std::chrono::milliseconds age_max{0};  ///< since receipt; 0: none
    std::uint64_t rows_max = 0;            ///< 0: none
};

/// Of one connection, for a layout that outlives it. One thread.
class retention final {
  public:
    [[nodiscard]] static result<retention> prepare(database& store, store_layout const& layout, retention_limits limits,
                                                   bool full_text);

    /// Within the open transaction: removes documents from the oldest on, at most `at_most` of them, also from
    /// `counts`.
    /// @param now_ms  none while the clock cannot be trusted with ages
    /// @return how many.
    [[nodiscard]] result<std::uint64_t> trim(database& store, std::optional<std::int64_t> now_ms, std::uint64_t at_most,
                                             rollups& counts);

  private:
    /// One past the last row that is to go; 0 where none is.
    [[nodiscard]] result<std::int64_t> end_of_old(database& store, std::optional<std::int64_t> now_ms,
                                                  std::uint64_t at_most);
    [[nodiscard]] result<std::int64_t> end_of_aged(database const& store, row_range rows, std::int64_t now_ms,
                                                   std::int64_t most);
    [[nodiscard]] static result<std::int64_t> row_of(database const& store, statement& what, row_range rows,
                                                     std::int64_t since_ms, std::int64_t until_ms);
    [[nodiscard]] result<> uncount(database const& store, std::int64_t end, rollups& counts);
    [[nodiscard]] static result<> run_to(database const& store, statement& what, std::int64_t end);

    store_layout const* layout_ = nullptr;
    retention_limits limits_;
    statement bounds_;
    statement first_between_;
    statement last_between_;
    std::int64_t future_end_ = 0;  ///< rows before it are of the future, or gone
    statement counted_;
    statement remove_texts_;  // none without full text
    statement remove_;
};

}  // namespace logpipe::store
