#include "retention.hpp"

#include "schema.hpp"

#include <algorithm>

namespace logpipe {

result<retention> retention::prepare(database& store, retention_limits limits, bool full_text) {
    retention made;
    made.limits_ = limits;
    auto bounds = store.prepare("SELECT (SELECT min(row) FROM documents), (SELECT max(row) FROM documents)");
    if (!bounds) return bounds.error();
    made.bounds_ = std::move(*bounds);
    auto first_young =
        store.prepare("SELECT min(row) FROM documents WHERE row >= ?1 AND row < ?2 AND received_ms >= ?3");
    if (!first_young) return first_young.error();
    made.first_young_ = std::move(*first_young);
    auto remove = store.prepare("DELETE FROM documents WHERE row < ?1");
    if (!remove) return remove.error();
    made.remove_ = std::move(*remove);
    auto counted = store.prepare(std::string{select_counted} + " WHERE row < ?1");
    if (!counted) return counted.error();
    made.counted_ = std::move(*counted);
    if (!full_text) return made;
    // The index must be told the texts that it was given: it keeps none itself.
    auto remove_texts = store.prepare(
        "INSERT INTO documents_text (documents_text, rowid, request, agent, referrer)"
        " SELECT 'delete', row, request, agent, referrer FROM documents WHERE row < ?1");
    if (!remove_texts) return remove_texts.error();
    made.remove_texts_ = std::move(*remove_texts);
    return made;
}

result<std::uint64_t> retention::trim(database& store, std::int64_t now_ms, std::uint64_t at_most, rollups& counts) {
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

result<std::int64_t> retention::end_of_old(database& store, std::int64_t now_ms, std::uint64_t at_most) {
    int const code = bounds_.step();
    auto const first = code == SQLITE_ROW ? bounds_.integer(0) : 0;
    auto const last = code == SQLITE_ROW ? bounds_.integer(1) : 0;
    bounds_.reset();
    if (code != SQLITE_ROW) return store.failure(code, "looking for old documents");
    if (first == 0) return 0;
    auto const reach = first + static_cast<std::int64_t>(std::min<std::uint64_t>(at_most, 1U << 30U));
    std::int64_t end = first;
    // Rows number on without gaps, so the newest are known by number; one deleted by hand makes it keep fewer.
    if (limits_.rows_max != 0)
        end = std::max(end, std::min(reach, last + 1 - static_cast<std::int64_t>(limits_.rows_max)));
    if (limits_.age_max.count() != 0) {
        auto const young = first_young(store, end, reach, now_ms - limits_.age_max.count());
        if (!young) return young.error();
        end = *young;
    }
    return end == first ? 0 : end;
}

result<std::int64_t> retention::first_young(database const& store, std::int64_t begin, std::int64_t end,
                                            std::int64_t received_ms) {
    first_young_.bind(1, begin);
    first_young_.bind(2, end);
    first_young_.bind(3, received_ms);
    int const code = first_young_.step();
    auto const found = code == SQLITE_ROW ? first_young_.integer(0) : 0;
    first_young_.reset();
    if (code != SQLITE_ROW) return store.failure(code, "looking for old documents");
    return found == 0 ? end : found;
}

result<> retention::uncount(database const& store, std::int64_t end, rollups& counts) {
    counted_.bind(1, end);
    int code = SQLITE_ROW;
    while ((code = counted_.step()) == SQLITE_ROW) {
        auto const counted = read_counted(counted_);
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

}  // namespace logpipe
