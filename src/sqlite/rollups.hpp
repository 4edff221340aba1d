// Counts by minute, hour and day of each value that the page shows: what makes its figures cheap at any size. They are
// kept in the transactions that add and remove documents, so they always match them.
#pragma once

#include "handles.hpp"
#include "logpipe/dashboard.hpp"
#include "row_reader.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace logpipe {

inline constexpr std::array<std::int64_t, 3> rollup_spans{1, 60, 1440};  ///< minutes: of a minute, an hour, a day
/// Distinct values of a field that one span keeps by name, and how long a name may be. What is beyond is counted
/// together, so that no client can make the roll-ups larger than the documents, or a question over them slow.
inline constexpr std::int64_t rollup_values_max = 2'000;
inline constexpr std::size_t rollup_value_bytes_max = 1'024;
/// In place of a value, for all that is beyond. No document's value is a number.
inline constexpr std::int64_t rollup_others = 0;
/// In place of a status where a document has none.
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

/// Of one connection. One thread. add() and remove() only remember; write() goes within the transaction of the
/// documents.
class rollups final {
  public:
    [[nodiscard]] static result<rollups> prepare(database& store);

    void add(document_row const& document, std::int64_t received_ms, std::int64_t row);
    void remove(document_row const& document, std::int64_t received_ms, std::int64_t row);
    [[nodiscard]] result<> write(database const& store);
    /// The transaction was rolled back.
    void forget() noexcept;

  private:
    struct change {
        std::int64_t documents = 0;
        std::int64_t bytes = 0;

        change& operator+=(change const& other) noexcept {
            documents += other.documents;
            bytes += other.bytes;
            return *this;
        }
    };
    struct text_hash {
        using is_transparent = void;
        [[nodiscard]] std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>{}(text);
        }
    };
    using values = std::unordered_map<std::string, change, text_hash, std::equal_to<>>;
    struct period {
        std::array<values, log_field_count> fields;
        std::array<change, log_field_count> others;
        std::int64_t first_row = 0;  ///< added; 0: none
        std::int64_t last_row = 0;
        std::int64_t removed_row = 0;  ///< the highest; 0: none
    };
    using period_map = std::unordered_map<std::int64_t, period>;
    struct place {
        std::int64_t span = 0;
        std::int64_t start = 0;
        std::int64_t field = 0;

        friend bool operator==(place const&, place const&) = default;
    };
    struct place_hash {
        [[nodiscard]] std::size_t operator()(place const& where) const noexcept {
            return std::hash<std::int64_t>{}((where.start * 2'000 + where.span) * 8 + where.field);
        }
    };

    period& count(document_row const& document, std::int64_t received_ms, std::int64_t sign);
    [[nodiscard]] static period_map summed(period_map const& periods, std::int64_t span);
    [[nodiscard]] result<> write_rows(database const& store, std::int64_t minute, period const& what);
    [[nodiscard]] result<> write_period(database const& store, std::int64_t span, std::int64_t start,
                                        period const& what);
    static void bind(statement& what, place const& where);
    [[nodiscard]] result<> put(database const& store, place const& where, std::string_view value, change const& by);
    [[nodiscard]] result<> put_others(database const& store, place const& where, change const& by);
    [[nodiscard]] result<std::int64_t*> values_of(database const& store, place const& where);

    period_map minutes_;
    std::int64_t last_minute_ = 0;
    period* last_ = nullptr;                                            ///< of minutes_
    std::unordered_map<place, std::int64_t, place_hash> values_there_;  ///< how many are kept by name

    statement update_;
    statement insert_;
    statement count_;
    statement remove_empty_;
    statement add_rows_;
    statement remove_rows_;
};

}  // namespace logpipe
