// What a transaction changes of the roll-ups: summed in memory by minute and value, so that each row is written once.
#pragma once

#include "document_row.hpp"
#include "layout.hpp"
#include "text_hash.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace logpipe::store {

/// How long a value's name may be: longer ones are counted with the others.
inline constexpr std::size_t rollup_value_bytes_max = 1'024;
/// Instead of a status where a document has none, and of each where documents have no such field.
inline constexpr std::string_view no_status = "-";

/// Where a document's time falls.
[[nodiscard]] constexpr std::int64_t minute_of(std::int64_t time_ms) noexcept {
    return time_ms >= 0 ? time_ms / 60'000 : -((59'999 - time_ms) / 60'000);
}
/// The last multiple of `step` that is not above `minute`.
[[nodiscard]] constexpr std::int64_t floor_to(std::int64_t minute, std::int64_t step) noexcept {
    auto const rest = minute % step;
    return minute - (rest < 0 ? rest + step : rest);
}

struct rollup_change {
    std::int64_t documents = 0;
    std::int64_t bytes = 0;

    rollup_change& operator+=(rollup_change const& other) noexcept {
        documents += other.documents;
        bytes += other.bytes;
        return *this;
    }
};

using rollup_values = std::unordered_map<std::string, rollup_change, text_hash, std::equal_to<>>;

struct rollup_period {
    std::vector<rollup_values> fields;  ///< as store_layout::counted_fields()
    std::vector<rollup_change> others;
    std::int64_t first_row = 0;  ///< added; 0: none
    std::int64_t last_row = 0;
    std::int64_t removed_row = 0;  ///< the highest; 0: none
};

using rollup_periods = std::unordered_map<std::int64_t, rollup_period>;  ///< by their first minute

/// One thread. For a layout that outlives it.
class rollup_changes final {
  public:
    rollup_changes() = default;
    explicit rollup_changes(store_layout const& layout) : layout_{&layout} {}

    void add(document_row const& document, std::int64_t received_ms, std::int64_t row);
    void remove(document_row const& document, std::int64_t received_ms, std::int64_t row);
    /// By minute; nothing is left here.
    [[nodiscard]] rollup_periods take();
    void clear() noexcept;

  private:
    rollup_period& count(document_row const& document, std::int64_t received_ms, std::int64_t sign);
    void count_value(std::size_t field, std::string_view value, rollup_change const& by);

    store_layout const* layout_ = nullptr;
    rollup_periods minutes_;
    std::int64_t last_minute_ = 0;
    rollup_period* last_ = nullptr;  // of minutes_
};

/// Of periods of `span` minutes, of those that fall into each.
[[nodiscard]] rollup_periods summed(rollup_periods const& periods, std::int64_t span);

}  // namespace logpipe::store
