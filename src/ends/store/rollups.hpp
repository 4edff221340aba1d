// Counts by minute, hour and day of each value that the page shows: what makes its figures cheap at any size. They are
// kept in the transactions that add and remove documents, so they always match them.
//
// Only so many values of a field have a row of their own in a span. Which ones, Space-Saving decides (Metwally,
// Agrawal, El Abbadi 2005), in the form that evicts many at a time, and which is mergeable (Agarwal et al. 2012): a
// value is counted from when it got its row on, and `missed` is the most that it may have had before; without
// room the values with the least go to the others, and `missed` of the others is the most that any value without a row
// may have. So the sum of all rows is exact, a value's true count lies between its count and that plus `missed`, and
// what is missed is at most a 1,001st of the span's documents: a frequent value is never lost, whenever it comes.
#pragma once

#include "handles.hpp"
#include "rollup_changes.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace logpipe::store {

inline constexpr std::array<std::int64_t, 3> rollup_spans{1, 60, 1440};  ///< minutes: of a minute, an hour, a day
/// Distinct values of a field that one span keeps by name, and how many of them are left when more would not fit. So no
/// client can make the roll-ups larger than the documents, or a request over them slow.
inline constexpr std::int64_t rollup_values_max = 2'000;
inline constexpr std::int64_t rollup_values_kept = 1'000;
/// Instead of a value, for all that is beyond. No document's value is a number.
inline constexpr std::int64_t rollup_others = 0;

/// Of one connection, for a layout that outlives it. One thread. add() and remove() only remember; write() goes within
/// the transaction of the documents.
class rollups final {
  public:
    [[nodiscard]] static result<rollups> prepare(database& store, store_layout const& layout);

    void add(document_row const& document, std::int64_t received_ms, std::int64_t row) {
        changes_.add(document, received_ms, row);
    }
    void remove(document_row const& document, std::int64_t received_ms, std::int64_t row) {
        changes_.remove(document, received_ms, row);
    }
    [[nodiscard]] result<> write(database const& store);
    /// The transaction was rolled back.
    void forget() noexcept;

  private:
    struct rollup_key {
        std::int64_t span = 0;
        std::int64_t start = 0;
        std::int64_t field = 0;

        friend bool operator==(rollup_key const&, rollup_key const&) = default;
    };
    struct rollup_key_hash {
        [[nodiscard]] std::size_t operator()(rollup_key const& where) const noexcept {
            return std::hash<std::int64_t>{}((where.start * 2'000 + where.span) * 32 + where.field);
        }
    };

    /// What of a span's field is kept by name, and the most that a value without a name may have.
    struct names {
        std::int64_t count = 0;
        std::int64_t missed = 0;
    };
    struct newcomer {
        std::string_view value;
        rollup_change by;
    };

    [[nodiscard]] result<> write_rows(database const& store, std::int64_t minute, rollup_period const& what);
    [[nodiscard]] result<> write_period(database const& store, std::int64_t span, std::int64_t start,
                                        rollup_period const& what);
    [[nodiscard]] result<> write_field(database const& store, rollup_key const& where, rollup_values const& known,
                                       rollup_change others);
    static void bind(statement& what, rollup_key const& where);
    /// @return false where it has no row, or fewer documents than are taken away
    [[nodiscard]] result<bool> update(database const& store, rollup_key const& where, std::string_view value,
                                      rollup_change const& by);
    [[nodiscard]] result<> take_away(database const& store, rollup_key const& where, std::string_view value,
                                     rollup_change const& by, rollup_change& others);
    [[nodiscard]] result<> add_names(database const& store, rollup_key const& where, rollup_change& others);
    [[nodiscard]] result<> evict(database const& store, rollup_key const& where, names& there, rollup_change& others);
    [[nodiscard]] result<> put_others(database const& store, rollup_key const& where, rollup_change const& by);
    [[nodiscard]] result<> remove_empty(database const& store, rollup_key const& where);
    [[nodiscard]] result<names*> names_of(database const& store, rollup_key const& where);

    rollup_changes changes_;
    std::unordered_map<rollup_key, names, rollup_key_hash> names_there_;
    std::vector<newcomer> newcomers_;  ///< of one field; a member for its memory

    statement update_;
    statement insert_;
    statement others_;
    statement names_;
    statement evict_;
    statement find_;
    statement reduce_;
    statement remove_empty_;
    statement remove_others_;
    statement add_rows_;
    statement remove_rows_;
};

}  // namespace logpipe::store
