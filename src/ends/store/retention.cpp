#include "retention.hpp"

#include "schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace logpipe::store {

namespace {

constexpr std::int64_t future_ms = 3'600'000;  // ahead of our clock: no two clocks that are set differ by so much

}  // namespace

result<retention> retention::prepare(database& store, store_layout const& layout, retention_limits limits,
                                     bool full_text) {
    retention made;
    made.layout_ = &layout;
    made.limits_ = limits;
    auto bounds = store.prepare("SELECT (SELECT min(row) FROM documents), (SELECT max(row) FROM documents)");
    if (!bounds) return bounds.error();
    made.bounds_ = std::move(*bounds);
    auto first_between =
        store.prepare("SELECT min(row) FROM documents WHERE row BETWEEN ?1 AND ?2 AND received_ms BETWEEN ?3 AND ?4");
    if (!first_between) return first_between.error();
    made.first_between_ = std::move(*first_between);
    auto last_between =
        store.prepare("SELECT max(row) FROM documents WHERE row BETWEEN ?1 AND ?2 AND received_ms BETWEEN ?3 AND ?4");
    if (!last_between) return last_between.error();
    made.last_between_ = std::move(*last_between);
    auto remove = store.prepare("DELETE FROM documents WHERE row < ?1");
    if (!remove) return remove.error();
    made.remove_ = std::move(*remove);
    auto counted = store.prepare(select_counted(layout) + " WHERE row < ?1");
    if (!counted) return counted.error();
    made.counted_ = std::move(*counted);
    if (!full_text || !layout.has_texts()) return made;
    // The index must be given the same texts once more: it does not keep them.
    auto remove_texts =
        store.prepare(fmt::format("INSERT INTO documents_text (documents_text, rowid{0})"
                                  " SELECT 'delete', row{0} FROM documents WHERE row < ?1",
                                  layout.searched_list()));
    if (!remove_texts) return remove_texts.error();
    made.remove_texts_ = std::move(*remove_texts);
    return made;
}

result<std::uint64_t> retention::trim(database& store, std::optional<std::int64_t> now_ms, std::uint64_t at_most,
                                      rollups& counts) {
    if ((limits_.age_max.count() == 0 && limits_.rows_max == 0) || at_most == 0) return 0;
    auto const end = end_of_old(store, now_ms, at_most);
    if (!end) return end.error();
    if (*end == 0) return 0;
    if (auto done = uncount(store, *end, counts); !done) return done.error();
    if (remove_texts_)
        if (auto done = run_to(store, remove_texts_, *end); !done) return done.error();
    if (auto done = run_to(store, remove_, *end); !done) return done.error();
    return static_cast<std::uint64_t>(sqlite3_changes64(store.handle()));
}

result<std::int64_t> retention::end_of_old(database& store, std::optional<std::int64_t> now_ms, std::uint64_t at_most) {
    int const code = bounds_.step();
    auto const first = code == SQLITE_ROW ? bounds_.integer(0) : 0;
    auto const last = code == SQLITE_ROW ? bounds_.integer(1) : 0;
    bounds_.reset();
    if (code != SQLITE_ROW) return store.failure(code, "finding old documents");
    if (first == 0) return 0;
    auto const most = static_cast<std::int64_t>(std::min<std::uint64_t>(at_most, 1U << 30U));
    auto const reach = first + most;
    std::int64_t end = first;
    // Rows number on without gaps, so the newest are known by number; one deleted by hand makes it keep fewer.
    if (limits_.rows_max != 0)
        end = std::max(end, std::min(reach, last + 1 - static_cast<std::int64_t>(limits_.rows_max)));
    if (limits_.age_max.count() != 0 && now_ms) {
        auto const aged = end_of_aged(store, {.first = end, .last = last}, *now_ms, most);
        if (!aged) return aged.error();
        end = std::min(reach, *aged);
    }
    return end == first ? 0 : end;
}

/// Up to the first young row. One of the future says nothing: a clock that was wrong has written it. It goes with the
/// old ones after it.
/// @param most  how many rows are read
/// @return one past the last row that is to go, or rows.first
result<std::int64_t> retention::end_of_aged(database const& store, row_range rows, std::int64_t now_ms,
                                            std::int64_t most) {
    auto const old_before_ms = now_ms - limits_.age_max.count();
    row_range looked{.first = std::max(rows.first, future_end_), .last = 0};
    looked.last = std::min(rows.last, looked.first + most - 1);
    auto const young = row_of(store, first_between_, looked, old_before_ms, now_ms + future_ms);
    if (!young) return young.error();
    bool const found_young = *young != 0;
    if (found_young) looked.last = *young - 1;
    auto const old = row_of(store, last_between_, looked, std::numeric_limits<std::int64_t>::min(), old_before_ms - 1);
    if (!old) return old.error();
    if (*old != 0) return *old + 1;
    if (!found_young && !looked.empty()) future_end_ = looked.last + 1;
    return rows.first;
}

/// 0 where there is none.
result<std::int64_t> retention::row_of(database const& store, statement& what, row_range rows, std::int64_t since_ms,
                                       std::int64_t until_ms) {
    int index = 1;
    for (auto const number : {rows.first, rows.last, since_ms, until_ms}) what.bind(index++, number);
    int const code = what.step();
    auto const found = code == SQLITE_ROW ? what.integer(0) : 0;
    what.reset();
    if (code != SQLITE_ROW) return store.failure(code, "finding old documents");
    return found;
}

result<> retention::uncount(database const& store, std::int64_t end, rollups& counts) {
    counted_.bind(1, end);
    int code = SQLITE_ROW;
    counted_document counted;
    while ((code = counted_.step()) == SQLITE_ROW) {
        read_counted(counted_, *layout_, counted);
        counts.remove(counted.document, counted.received_ms, counted.row);
    }
    auto done = code == SQLITE_DONE ? result<>{} : store.failure(code, "counting old documents");
    counted_.reset();
    return done;
}

result<> retention::run_to(database const& store, statement& what, std::int64_t end) {
    what.bind(1, end);
    int const code = what.step();
    auto done = code == SQLITE_DONE ? result<>{} : store.failure(code, "removing old documents");
    what.reset();
    return done;
}

}  // namespace logpipe::store
